internal import CCrypto
package import Scalars

/// The digests of the log, by OpenSSL's libcrypto.
package enum Hashing {
  /// SHA-256: 32 bytes.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = unsafe SHA256(bytes, bytes.count, &digest)
    return digest
  }

  package static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The bytes of hexadecimal digits; nil for any other text.
  package static func bytes(hex text: String) -> [UInt8]? {
    let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count % 2 == 0, digits.allSatisfy({ $0 != nil }) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(digits[$0]! << 4 | digits[$0 + 1]!)
    }
  }
}

extension UUID {
  /// A version 5 identifier (RFC 9562): SHA-1 over a namespace and a name, the same for the same.
  package static func version5(_ namespace: UUID, _ name: String) -> UUID {
    let input = namespace.bytes + Array(name.utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    _ = unsafe SHA1(input, input.count, &digest)
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes: Array(digest[..<16]))
  }
}
