/// A point in time: microseconds since 1970-01-01T00:00:00Z, as Postgres keeps it. Written as RFC 3339 in
/// UTC (`2026-11-25T09:00:00Z`, `2026-11-25T09:00:00.25Z`).
package struct Instant: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let microseconds: Int

  package init(microseconds: Int) {
    self.microseconds = microseconds
  }

  /// Midnight UTC of a day, and some seconds.
  package init(_ date: CalendarDate, seconds: Int = 0) {
    microseconds = (date.daysSinceEpoch * 86_400 + seconds) * 1_000_000
  }

  /// The years 1 to 9999 of UTC: an offset may lead out of the years that can be written.
  private static let writable = -62_135_596_800_000_000..<253_402_300_800_000_000

  /// Reads RFC 3339: `YYYY-MM-DDThh:mm:ss`, at most 6 digits of a fraction, and `Z` or an offset. Nil for
  /// any other text, leap seconds and what is outside the years 1 to 9999 of UTC included.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(String(text).utf8)
    guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
      bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
      let date = CalendarDate(String(decoding: bytes[..<10], as: UTF8.self)),
      let hour = Instant.number(bytes[11..<13]), hour < 24,
      let minute = Instant.number(bytes[14..<16]), minute < 60,
      let second = Instant.number(bytes[17..<19]), second < 60
    else { return nil }
    var rest = bytes[19...]
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
      guard (1...6).contains(digits.count), let value = Instant.number(digits) else { return nil }
      fraction = (digits.count..<6).reduce(value) { scaled, _ in scaled * 10 }
      rest = rest.dropFirst(1 + digits.count)
    }
    guard let offset = Instant.offset(Array(rest)) else { return nil }
    let seconds = hour * 3_600 + minute * 60 + second - offset
    let instant = Instant(date, seconds: seconds).microseconds + fraction
    guard Instant.writable.contains(instant) else { return nil }
    microseconds = instant
  }

  package var description: String {
    let day = Instant.floorDivide(microseconds, 86_400_000_000)
    let inDay = microseconds - day * 86_400_000_000
    let seconds = inDay / 1_000_000
    var text = CalendarDate(daysSinceEpoch: day).description
    text.append("T")
    text.append(seconds / 3_600, width: 2)
    text.append(":")
    text.append(seconds / 60 % 60, width: 2)
    text.append(":")
    text.append(seconds % 60, width: 2)
    var (fraction, width) = (inDay % 1_000_000, 6)
    if fraction > 0 {
      while fraction % 10 == 0 { (fraction, width) = (fraction / 10, width - 1) }
      text.append(".")
      text.append(fraction, width: width)
    }
    text.append("Z")
    return text
  }

  /// The UTC day that the instant is in.
  package var date: CalendarDate {
    CalendarDate(daysSinceEpoch: Instant.floorDivide(microseconds, 86_400_000_000))
  }

  package static func < (left: Instant, right: Instant) -> Bool {
    left.microseconds < right.microseconds
  }

  private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : (value - divisor + 1) / divisor
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// Seconds east of UTC of `Z` or `±hh:mm`.
  private static func offset(_ bytes: [UInt8]) -> Int? {
    if bytes == [UInt8(ascii: "Z")] || bytes == [UInt8(ascii: "z")] { return 0 }
    guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"),
      let hours = number(bytes[1..<3]), hours < 24, let minutes = number(bytes[4..<6]), minutes < 60
    else { return nil }
    switch bytes[0] {
    case UInt8(ascii: "+"): return hours * 3_600 + minutes * 60
    case UInt8(ascii: "-"): return -(hours * 3_600 + minutes * 60)
    default: return nil
    }
  }
}
