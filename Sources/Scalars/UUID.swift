/// A universally unique identifier (RFC 9562): 16 bytes, written as 36 lower-case characters.
package struct UUID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The identifier of 16 bytes.
  package init(bytes: [UInt8]) {
    precondition(bytes.count == 16)
    high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads the form of RFC 9562, 8-4-4-4-12 hexadecimal digits in either case; nil for any other.
  package init?(_ text: some StringProtocol) {
    self.init(text: String(text))
  }

  /// Not generic: a generic one is not specialised for other modules, and took 14 µs.
  private init?(text: String) {
    var (high, low): (UInt64, UInt64) = (0, 0)
    let bytes = text.utf8.span
    guard bytes.count == 36 else { return nil }
    for index in bytes.indices {
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard bytes[index] == UInt8(ascii: "-") else { return nil }
      } else {
        guard let digit = UUID.digit(bytes[index]) else { return nil }
        if index < 18 { high = high << 4 | digit } else { low = low << 4 | digit }
      }
    }
    self.init(high: high, low: low)
  }

  /// A version 7 identifier: milliseconds since 1970, then random bits, so that later ones sort later.
  package static func version7(
    at instant: Instant, using generator: inout some RandomNumberGenerator
  ) -> UUID {
    let milliseconds = UInt64(max(0, instant.microseconds / 1_000)) & 0xFFFF_FFFF_FFFF
    let random = UInt64.random(in: 0...0xFFF, using: &generator)
    let tail = UInt64.random(in: 0...0x3FFF_FFFF_FFFF_FFFF, using: &generator)
    return UUID(high: milliseconds << 16 | 0x7000 | random, low: 0x8000_0000_0000_0000 | tail)
  }

  package var bytes: [UInt8] {
    [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
  }

  package var description: String {
    String(unsafeUninitializedCapacity: 36) { buffer in
      var position = 0
      for nibble in 0..<32 {
        if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
          buffer[position] = UInt8(ascii: "-")
          position += 1
        }
        let half = nibble < 16 ? high : low
        let value = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (nibble % 16))) & 15
        buffer[position] = value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
        position += 1
      }
      return position
    }
  }

  package static func < (left: UUID, right: UUID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
