import JSON
import Testing

struct JSONTests {
  @Test(
    arguments: [
      ("null", .null), ("true", .bool(true)), ("false", .bool(false)),
      ("0", .int(0)), ("-0", .int(0)), ("-17", .int(-17)),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .double(9_223_372_036_854_775_808)),
      ("0.5", .double(0.5)), ("1e3", .double(1_000)), ("1E+2", .double(100)),
      ("25e-1", .double(2.5)),
      (#""""#, .string("")), (#""a\/b""#, .string("a/b")),
      (#""\"\\\b\f\n\r\t""#, .string("\"\\\u{8}\u{C}\n\r\t")),
      (#""\u00e9\u00E9""#, .string("éé")), (#""\ud83d\ude00""#, .string("😀")),
      (#""😀""#, .string("😀")),
      (#""\u007f""#, .string("\u{7F}")),
      ("[]", .array([])), ("[ 1 , 2 ]", .array([1, 2])),
      ("{}", .object([:])), (#" {"a" : {"b" : [ ] } } "#, ["a": ["b": []]]),
      ("\t\r\n 1 \n", .int(1)),
      (#"{"":1}"#, ["": 1]),
    ] as [(String, JSON)])
  func `reads what RFC 8259 allows`(text: String, value: JSON) throws {
    #expect(try JSON.parse(text) == value)
  }

  @Test(arguments: [
    "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e",
    "1e+", "0x10", "1 2", "[1,]", "[,1]", "[1 2]", "[", "]", "{", "}", #"{"a"}"#, #"{"a":}"#,
    #"{"a":1,}"#, #"{a:1}"#, "{1:2}", #"{"a":1 "b":2}"#, #"{"a":1,"a":2}"#, "'a'", #"""#, #""\x""#,
    #""\u12""#, #""\u12g4""#, #""\u""#, #""\"#, "\"\u{1}\"", "\"\n\"", "\"\t\"", "\u{FEFF}1", "1,",
    "//\n1", "\u{0B}1", #"{"a":1}}"#,
  ])
  func `refuses what it does not allow`(text: String) {
    #expect(throws: JSONError.self) { try JSON.parse(text) }
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xE2, 0x82, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x80, 0x22], [0xFF],
    ] as [[UInt8]])
  func `refuses what is not UTF-8`(bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSON.parse(bytes.span) }
  }

  @Test func `an error says where it is`() {
    let error = #expect(throws: JSONError.self) { try JSON.parse(#"{"a":1,"b":?}"#) }
    #expect(error?.offset == 11)
    #expect(error?.description == "unexpected character at byte 11")
  }

  @Test func `nests 64 deep and no deeper`() throws {
    let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(throws: Never.self) { try JSON.parse(deepest) }
    #expect(throws: JSONError.self) { try JSON.parse("[\(deepest)]") }
    #expect(throws: JSONError.self) { try JSON.parse(String(repeating: "[", count: 1_000_000)) }
    let objects = String(repeating: #"{"a":"#, count: 65) + "1" + String(repeating: "}", count: 65)
    #expect(throws: JSONError.self) { try JSON.parse(objects) }
    // Beside one another is not inside one another.
    #expect(throws: Never.self) {
      try JSON.parse("[" + String(repeating: "[],", count: 100) + "1]")
    }
  }

  @Test(arguments: [
    (#"{"a":{"b":[0,"\u0000"]}}"#, "a.b[1]"), (#"["\ud800"]"#, "[0]"),
    (#"{"a":"\udc00\ud800"}"#, "a"),
    (#"{"a":"\ud83dx"}"#, "a"), (#"{"a":[1e400]}"#, "a[0]"), (#"{"a":-1e400}"#, "a"),
    (#"{"a":"\u0000","b":"\u0000"}"#, "a"), (#"[[],[["\u0000"]]]"#, "[1][0][0]"),
  ])
  func `names the first value that cannot be stored`(text: String, path: String) throws {
    #expect(try JSON.parse(Array(text.utf8).span).unstorable == path)
    #expect(throws: JSONError.self) { try JSON.parse(text) }
  }

  @Test func `keeps members in order and reads many of them fast`() throws {
    let names = (0..<20_000).map { "name\($0)" }
    let text = "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
    let object = try JSON.parse(text).object
    #expect(object?.members.map(\.name) == names)
    let twice = text.dropLast() + #","name7":1}"#
    #expect(throws: JSONError.self) { try JSON.parse(String(twice)) }
  }

  @Test(
    arguments: [
      (["b": 1, "a": nil, "c": ["z": 1, "y": nil]], #"{"b":1,"c":{"z":1}}"#),
      (["é": 1, "z": 2, "a": 3], #"{"a":3,"z":2,"é":1}"#),
      (["a": [["c": 1, "b": 2], nil]], #"{"a":[{"b":2,"c":1},null]}"#),
    ] as [(JSON, String)])
  func `the canonical form sorts members and leaves out null ones`(value: JSON, text: String) {
    #expect(String(decoding: value.canonicalBytes, as: UTF8.self) == text)
  }

  @Test func `writes control characters and quotes as escapes and all else as it is`() {
    let text = "\u{0}\u{1F}\"\\/\n\r\t\u{7F}é😀"
    #expect(JSON.string(text).text == #""\u0000\u001f\"\\/\n\r\t"# + "\u{7F}é😀\"")
    #expect(JSON.double(.infinity).text == "null")
    #expect(JSON.double(1).text == "1.0")
  }

  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func `what is written reads back the same`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let value = JSON.random(depth: 6, using: &generator)
    #expect(try JSON.parse(value.text) == value)
    let canonical = try JSON.parse(value.canonicalBytes.span).value
    #expect(canonical.canonicalBytes == value.canonicalBytes)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `mutated texts are read or refused and never trap`(seed: UInt64) {
    var mutator = FrameMutator(seed: seed)
    for _ in 0..<200 {
      let bytes = mutator.next()
      guard let value = try? JSON.parse(bytes.span).value else { continue }
      #expect((try? JSON.parse(value.bytes.span).value) == value)
    }
  }

  @Test func `reaches into values`() {
    let value: JSON = ["a": [1, 2.5, "x", true, nil], "n": nil]
    #expect(value["a"]?[0]?.int == 1)
    #expect(value["a"]?[0]?.number == 1)
    #expect(value["a"]?[1]?.number == 2.5)
    #expect(value["a"]?[2]?.string == "x")
    #expect(value["a"]?[3]?.bool == true)
    #expect(value["a"]?[4]?.isNull == true)
    #expect(value["a"]?[5] == nil)
    #expect(value["n"] == nil && value["b"] == nil)
    #expect(value.string == nil && value.int == nil && value.number == nil && value.bool == nil)
    #expect(value.array == nil && JSON.null.object == nil)
  }

  @Test func `members are added, replaced and removed`() {
    var object: JSONObject = ["a": 1]
    object["b"] = 2
    object["a"] = 3
    #expect(object == ["a": 3, "b": 2])
    object["a"] = nil
    object["none"] = nil
    #expect(object == ["b": 2])
    #expect(object.count == 1 && !object.isEmpty)
  }
}

extension JSON {
  /// Any value that can be stored.
  fileprivate static func random(
    depth: Int, using generator: inout some RandomNumberGenerator
  ) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .int(.random(in: .min ... .max, using: &generator))
    case 3: return .double(randomDouble(using: &generator))
    case 4: return .string(randomString(using: &generator))
    case 5:
      return .array(
        (0..<Int.random(in: 0...5, using: &generator)).map { _ in
          random(depth: depth - 1, using: &generator)
        })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0...20, using: &generator) {
        object[randomString(using: &generator)] = random(depth: depth - 2, using: &generator)
      }
      return .object(object)
    }
  }

  private static func randomDouble(using generator: inout some RandomNumberGenerator) -> Double {
    let value = Double(bitPattern: .random(in: .min ... .max, using: &generator))
    return value.isFinite ? value : 0.1
  }

  private static func randomString(using generator: inout some RandomNumberGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...12, using: &generator) {
      let range: ClosedRange<UInt32> =
        Bool.random(using: &generator) ? 0x01...0x7F : 0x01...0x10FFFF
      let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator))
      text.unicodeScalars.append(scalar ?? "\u{FFFD}")
    }
    return text
  }
}
