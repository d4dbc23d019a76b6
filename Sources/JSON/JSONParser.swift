/// Why a text is not JSON: what was wrong, and the offset of the byte in it.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package let reason: String
  package let offset: Int

  package var description: String { "\(reason) at byte \(offset)" }
}

/// A parsed text, and the path of the first value in it that cannot be stored.
package struct ParsedJSON: Sendable {
  package let value: JSON

  /// The path (`commands[0].createTask.title`) of a string that holds U+0000 or a lone surrogate, or
  /// of a number beyond the range of a double: valid JSON that Postgres refuses. In `value` such a
  /// character is U+FFFD and such a number null.
  package let unstorable: String?
}

extension JSON {
  /// The deepest nesting of arrays and objects that is read.
  package static let maxDepth = 64

  /// Reads one JSON text (RFC 8259, UTF-8). Duplicate names, nesting over `maxDepth` and invalid UTF-8
  /// are errors.
  package static func parse(_ bytes: Span<UInt8>) throws(JSONError) -> ParsedJSON {
    var parser = JSONParser()
    parser.skipSpace(bytes)
    let value = try parser.value(bytes)
    parser.skipSpace(bytes)
    guard parser.index == bytes.count else { throw parser.failure("text after the value") }
    return ParsedJSON(value: value, unstorable: parser.unstorable)
  }

  /// Reads one JSON text of which every value must be storable.
  package static func parse(_ text: String) throws(JSONError) -> JSON {
    let parsed = try parse(Array(text.utf8).span)
    if let path = parsed.unstorable {
      throw JSONError(reason: "\(path) holds what cannot be stored", offset: 0)
    }
    return parsed.value
  }
}

private struct JSONParser {
  var index = 0
  var unstorable: String?
  private var depth = 0
  /// Names and indices from the root to the value at hand.
  private var path: [PathStep] = []

  private enum PathStep {
    case member(String)
    case element(Int)
  }

  func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: index) }

  mutating func skipSpace(_ bytes: borrowing Span<UInt8>) {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return
      }
    }
  }

  mutating func value(_ bytes: borrowing Span<UInt8>) throws(JSONError) -> JSON {
    guard index < bytes.count else { throw failure("unexpected end") }
    switch bytes[index] {
    case UInt8(ascii: "{"):
      return try nested { parser throws(JSONError) in try parser.object(bytes) }
    case UInt8(ascii: "["):
      return try nested { parser throws(JSONError) in try parser.array(bytes) }
    case UInt8(ascii: "\""): return .string(try string(bytes))
    case UInt8(ascii: "t"): return try literal("true", .bool(true), bytes)
    case UInt8(ascii: "f"): return try literal("false", .bool(false), bytes)
    case UInt8(ascii: "n"): return try literal("null", .null, bytes)
    default: return try number(bytes)
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSON
  ) throws(JSONError) -> JSON {
    depth += 1
    guard depth <= JSON.maxDepth else { throw failure("nesting over \(JSON.maxDepth)") }
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object(_ bytes: borrowing Span<UInt8>) throws(JSONError) -> JSON {
    var members: [JSONObject.Member] = []
    var names: Set<[UInt8]> = []
    index += 1
    skipSpace(bytes)
    if take(UInt8(ascii: "}"), bytes) { return .object([:]) }
    while true {
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
        throw failure("expected a member's name")
      }
      let name = try string(bytes)
      guard isNew(name, among: members, &names) else { throw failure("a member occurs twice") }
      skipSpace(bytes)
      guard take(UInt8(ascii: ":"), bytes) else { throw failure("expected ':'") }
      skipSpace(bytes)
      path.append(.member(name))
      members.append(.init(name: name, value: try value(bytes)))
      path.removeLast()
      skipSpace(bytes)
      if take(UInt8(ascii: ","), bytes) {
        skipSpace(bytes)
      } else if take(UInt8(ascii: "}"), bytes) {
        return .object(JSONObject(unique: members))
      } else {
        throw failure("expected ',' or '}'")
      }
    }
  }

  /// Small objects are searched, large ones keep a set, so that a hostile one costs no more than its size.
  private func isNew(
    _ name: String, among members: [JSONObject.Member], _ names: inout Set<[UInt8]>
  ) -> Bool {
    if members.count < 16 { return !members.contains { $0.isNamed(name) } }
    if names.isEmpty { names = Set(members.map { Array($0.name.utf8) }) }
    return names.insert(Array(name.utf8)).inserted
  }

  private mutating func array(_ bytes: borrowing Span<UInt8>) throws(JSONError) -> JSON {
    var elements: [JSON] = []
    index += 1
    skipSpace(bytes)
    if take(UInt8(ascii: "]"), bytes) { return .array([]) }
    while true {
      path.append(.element(elements.count))
      elements.append(try value(bytes))
      path.removeLast()
      skipSpace(bytes)
      if take(UInt8(ascii: ","), bytes) {
        skipSpace(bytes)
      } else if take(UInt8(ascii: "]"), bytes) {
        return .array(elements)
      } else {
        throw failure("expected ',' or ']'")
      }
    }
  }

  private mutating func take(_ byte: UInt8, _ bytes: borrowing Span<UInt8>) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func literal(
    _ text: StaticString, _ value: JSON, _ bytes: borrowing Span<UInt8>
  ) throws(JSONError) -> JSON {
    let start = index
    for byte in text.description.utf8 where !take(byte, bytes) {
      index = start
      throw failure("unexpected character")
    }
    return value
  }

  // MARK: Numbers

  private mutating func number(_ bytes: borrowing Span<UInt8>) throws(JSONError) -> JSON {
    let start = index
    _ = take(UInt8(ascii: "-"), bytes)
    let leadingZero = index < bytes.count && bytes[index] == UInt8(ascii: "0")
    let digits = try digits(bytes)
    if leadingZero && digits > 1 { throw failure("a number starts with 0") }
    var whole = true
    if take(UInt8(ascii: "."), bytes) {
      whole = false
      _ = try self.digits(bytes)
    }
    if take(UInt8(ascii: "e"), bytes) || take(UInt8(ascii: "E"), bytes) {
      whole = false
      if !take(UInt8(ascii: "+"), bytes) { _ = take(UInt8(ascii: "-"), bytes) }
      _ = try self.digits(bytes)
    }
    var text = ""
    text.reserveCapacity(index - start)
    for position in start..<index { text.unicodeScalars.append(Unicode.Scalar(bytes[position])) }
    if whole, let value = Int(text) { return .int(value) }
    if let value = Double(text), value.isFinite { return .double(value) }
    noteUnstorable()
    return .null
  }

  private mutating func digits(_ bytes: borrowing Span<UInt8>) throws(JSONError) -> Int {
    let start = index
    while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) {
      index += 1
    }
    guard index > start else { throw failure("unexpected character") }
    return index - start
  }

  // MARK: Strings

  private mutating func string(_ bytes: borrowing Span<UInt8>) throws(JSONError) -> String {
    index += 1
    let start = index
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        let text = try utf8(bytes, start..<index)
        index += 1
        return text
      case UInt8(ascii: "\\"): return try escapedString(bytes, from: start)
      case 0..<0x20: throw failure("a control character in a string")
      default: index += 1
      }
    }
    throw failure("unexpected end")
  }

  private func utf8(
    _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
  ) throws(JSONError) -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes.extracting(range)))
    } catch {
      throw JSONError(reason: "invalid UTF-8", offset: range.lowerBound)
    }
  }

  private mutating func escapedString(
    _ bytes: borrowing Span<UInt8>, from start: Int
  ) throws(JSONError) -> String {
    var out: [UInt8] = []
    for position in start..<index { out.append(bytes[position]) }
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""): return try utf8(out.span, 0..<out.count)
      case UInt8(ascii: "\\"): try escape(bytes, &out)
      case 0..<0x20: throw failure("a control character in a string")
      default: out.append(byte)
      }
    }
    throw failure("unexpected end")
  }

  private mutating func escape(
    _ bytes: borrowing Span<UInt8>, _ out: inout [UInt8]
  ) throws(JSONError) {
    guard index < bytes.count else { throw failure("unexpected end") }
    let byte = bytes[index]
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"): out.append(contentsOf: String(try escapedScalar(bytes)).utf8)
    default: throw failure("unknown escape")
    }
  }

  private mutating func escapedScalar(
    _ bytes: borrowing Span<UInt8>
  ) throws(JSONError) -> Character {
    let unit = try hexUnit(bytes)
    if let scalar = Unicode.Scalar(unit), unit != 0 { return Character(scalar) }
    let afterFirst = index
    if (0xD800..<0xDC00).contains(unit), take(UInt8(ascii: "\\"), bytes),
      take(UInt8(ascii: "u"), bytes)
    {
      let low = try hexUnit(bytes)
      if (0xDC00..<0xE000).contains(low) {
        let value = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
        if let scalar = Unicode.Scalar(value) { return Character(scalar) }
      }
    }
    index = afterFirst
    noteUnstorable()
    return "\u{FFFD}"
  }

  private mutating func hexUnit(_ bytes: borrowing Span<UInt8>) throws(JSONError) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard index < bytes.count,
        let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue, bytes[index] < 0x80
      else { throw failure("expected four hex digits") }
      unit = unit << 4 | UInt32(digit)
      index += 1
    }
    return unit
  }

  private mutating func noteUnstorable() {
    guard unstorable == nil else { return }
    var text = ""
    for step in path {
      switch step {
      case .member(let name): text += text.isEmpty ? name : ".\(name)"
      case .element(let index): text += "[\(index)]"
      }
    }
    unstorable = text
  }
}
