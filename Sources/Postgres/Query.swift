/// A parameterised SQL statement. Each connection prepares it at its first use and keeps it.
package struct Statement: Sendable, Hashable {
  package let sql: String
  /// Object ids of the parameters' types; where there are none Postgres infers them.
  package let parameterTypes: [UInt32]
  /// The name under which a connection knows it: a hash of the text.
  let name: String

  package init(_ sql: String, parameterTypes: [UInt32] = []) {
    self.sql = sql
    self.parameterTypes = parameterTypes
    // FNV-1a, twice with different bases: 128 bits that differ for different texts in practice.
    func hash(_ basis: UInt64) -> UInt64 {
      sql.utf8.reduce(basis) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
    name =
      String(hash(0xcbf2_9ce4_8422_2325), radix: 36)
      + String(hash(0x9E37_79B9_7F4A_7C15), radix: 36)
  }

  package func callAsFunction(_ parameters: Parameter...) -> Query {
    Query(self, parameters)
  }
}

/// A statement with its parameters.
package struct Query: Sendable {
  package let statement: Statement
  package let parameters: [Parameter]

  package init(_ statement: Statement, _ parameters: [Parameter] = []) {
    self.statement = statement
    self.parameters = parameters
  }
}

/// The value of a parameter in Postgres's text format; nil is NULL.
package struct Parameter: Sendable, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
  let text: String?

  package var isNull: Bool { text == nil }

  private init(text: String?) {
    self.text = text
  }

  package init(stringLiteral value: String) { text = value }
  package init(nilLiteral: ()) { text = nil }

  package static func text(_ value: String?) -> Parameter { Parameter(text: value) }
  package static func int(_ value: Int?) -> Parameter { Parameter(text: value.map { String($0) }) }
  package static func bool(_ value: Bool?) -> Parameter {
    Parameter(text: value.map { $0 ? "t" : "f" })
  }

  package static func bytes(_ value: [UInt8]?) -> Parameter {
    Parameter(text: value.map { "\\x" + hex($0) })
  }

  /// A one-dimensional array; elements of nil are NULL.
  package static func array(_ values: [String?]) -> Parameter {
    // Each byte may need a backslash, each value quotation marks and a comma.
    let capacity = values.reduce(2) { $0 + 2 * max($1?.utf8.count ?? 0, 2) + 3 }
    let text = unsafe String(unsafeUninitializedCapacity: capacity) { out in
      var count = 0
      func append(_ byte: UInt8) {
        unsafe out[count] = byte
        count += 1
      }
      append(UInt8(ascii: "{"))
      for (index, value) in values.enumerated() {
        if index > 0 { append(UInt8(ascii: ",")) }
        guard let value else {
          for byte in "NULL".utf8 { append(byte) }
          continue
        }
        append(UInt8(ascii: "\""))
        let bytes = value.utf8.span
        for index in bytes.indices {
          let byte = bytes[index]
          if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(UInt8(ascii: "\\")) }
          append(byte)
        }
        append(UInt8(ascii: "\""))
      }
      append(UInt8(ascii: "}"))
      return count
    }
    return Parameter(text: text)
  }

  package static func array(_ values: [Int]) -> Parameter {
    Parameter(text: "{" + values.map { String($0) }.joined(separator: ",") + "}")
  }

  package static func byteArrays(_ values: [[UInt8]?]) -> Parameter {
    array(values.map { $0.map { "\\x" + hex($0) } })
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      out.append(digits[Int(byte >> 4)])
      out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
  }
}
