extension JSON {
  /// The compact text of the value as UTF-8.
  package var bytes: [UInt8] {
    var out: [UInt8] = []
    write(to: &out)
    return out
  }

  /// The compact text of the value.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The text in its canonical form: members sorted by the UTF-8 bytes of their names, null members
  /// left out. Two values that mean the same command have the same canonical form.
  package var canonicalBytes: [UInt8] {
    var out: [UInt8] = []
    canonical.write(to: &out)
    return out
  }

  /// Appends the compact text of the value.
  package func write(to out: inout [UInt8]) {
    switch self {
    case .null: out.append(contentsOf: "null".utf8)
    case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
    case .int(let value): out.append(contentsOf: String(value).utf8)
    case .double(let value):
      // JSON has no infinity and no NaN; neither can come from a parsed text.
      out.append(contentsOf: (value.isFinite ? String(value) : "null").utf8)
    case .string(let value): JSON.write(value, to: &out)
    case .array(let elements):
      out.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        element.write(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let object):
      out.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        JSON.write(member.name, to: &out)
        out.append(UInt8(ascii: ":"))
        member.value.write(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  /// Appends a string in quotes.
  package static func write(_ string: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    if needsEscape(string.utf8.span) {
      for byte in string.utf8 { writeEscaped(byte, to: &out) }
    } else {
      var string = string
      string.withUTF8 { out.append(contentsOf: $0) }
    }
    out.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ bytes: Span<UInt8>) -> Bool {
    for index in bytes.indices {
      let byte = bytes[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
    }
    return false
  }

  private static func writeEscaped(_ byte: UInt8, to out: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""): out.append(contentsOf: #"\""#.utf8)
    case UInt8(ascii: "\\"): out.append(contentsOf: #"\\"#.utf8)
    case 0x0A: out.append(contentsOf: #"\n"#.utf8)
    case 0x0D: out.append(contentsOf: #"\r"#.utf8)
    case 0x09: out.append(contentsOf: #"\t"#.utf8)
    case 0..<0x20:
      let digits = Array("0123456789abcdef".utf8)
      out.append(contentsOf: #"\u00"#.utf8)
      out.append(digits[Int(byte >> 4)])
      out.append(digits[Int(byte & 15)])
    default: out.append(byte)
    }
  }

  private var canonical: JSON {
    switch self {
    case .array(let elements): return .array(elements.map(\.canonical))
    case .object(let object):
      let members = object.members
        .filter { $0.value != .null }
        .map { JSONObject.Member(name: $0.name, value: $0.value.canonical) }
        .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      return .object(JSONObject(unique: members))
    default: return self
    }
  }
}
