import Scalars
import Testing

struct ScalarsTests {
  // MARK: UUID

  @Test func `a UUID is read in either case and written in lower case`() {
    let text = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    #expect(UUID(text)?.description == text)
    #expect(UUID(text.uppercased()) == UUID(text))
    #expect(UUID(text).map { UUID(bytes: $0.bytes) } == UUID(text))
    #expect(UUID(text)?.high == 0x6BA7_B810_9DAD_11D1)
    #expect(UUID(text)?.low == 0x80B4_00C0_4FD4_30C8)
  }

  @Test(arguments: [
    "", "6ba7b810", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c88", "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
    "6ba7b81-09dad-11d1-80b4-00c04fd430c8", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
    " 6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c\u{FF18}",
  ])
  func `any other text is no UUID`(text: String) {
    #expect(UUID(text) == nil)
  }

  @Test func `a version 7 UUID carries its time and sorts by it`() {
    var generator = SeededGenerator(seed: 7)
    // The example of RFC 9562, appendix A.6: 2022-02-22T14:22:22-05:00.
    let instant = Instant("2022-02-22T14:22:22-05:00")
    let id = UUID.version7(at: instant ?? Instant(microseconds: 0), using: &generator)
    #expect(id.description.hasPrefix("017f22e2-79b0-7"))
    #expect("89ab".contains(Array(id.description)[19]))
    let later = (1...100).map { step in
      UUID.version7(at: Instant(microseconds: step * 1_000_000), using: &generator)
    }
    #expect(later == later.sorted())
    #expect(Set(later).count == 100)
  }

  // MARK: Days

  @Test(arguments: [
    ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2000-03-01", 11_017),
    ("2024-02-29", 19_782), ("1900-03-01", -25_508), ("0001-01-01", -719_162),
    ("9999-12-31", 2_932_896),
  ])
  func `a day is so many days from 1970`(text: String, days: Int) {
    #expect(CalendarDate(text)?.daysSinceEpoch == days)
    #expect(CalendarDate(daysSinceEpoch: days).description == text)
  }

  @Test func `every day of 800 years is written and read back`() {
    for days in stride(from: -200_000, to: 100_000, by: 1) {
      let date = CalendarDate(daysSinceEpoch: days)
      let (year, month, day) = date.civil
      guard CalendarDate(year: year, month: month, day: day) == date else {
        Issue.record("\(days): \(date)")
        return
      }
    }
  }

  @Test(arguments: [
    "", "2026", "2026-1-01", "2026-01-1", "26-01-01", "2026-13-01", "2026-00-01", "2026-01-00",
    "2026-02-29", "1900-02-29", "2026-04-31", "2026-06-31", "2026-12-32", "0000-01-01",
    "10000-01-01", "2026/01/01", "2026-01-01 ", "-026-01-01", "2026-01-01-01", "２０２６-01-01",
  ])
  func `any other text is no day`(text: String) {
    #expect(CalendarDate(text) == nil)
  }

  // MARK: Instants

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1),
    ("1969-12-31T23:59:59.999999Z", -1), ("2001-09-09T01:46:40Z", 1_000_000_000_000_000),
    ("2026-11-25T09:00:00.25Z", 1_795_597_200_250_000),
  ])
  func `an instant is so many microseconds from 1970`(text: String, microseconds: Int) {
    #expect(Instant(text)?.microseconds == microseconds)
    #expect(Instant(microseconds: microseconds).description == text)
  }

  @Test(arguments: [
    "2026-11-25T10:00:00+01:00", "2026-11-25T03:30:00-05:30", "2026-11-25 09:00:00z",
    "2026-11-25T09:00:00.000000Z", "2026-11-26T08:59:00+23:59",
  ])
  func `offsets, a space and a fraction of zeros are read`(text: String) {
    #expect(Instant(text)?.description == "2026-11-25T09:00:00Z")
  }

  @Test(arguments: [
    "", "2026-11-25", "2026-11-25T09:00Z", "2026-11-25T09:00:00", "2026-11-25T24:00:00Z",
    "2026-11-25T09:60:00Z", "2026-12-31T23:59:60Z", "2026-11-31T09:00:00Z",
    "2026-11-25T09:00:00.Z", "2026-11-25T09:00:00.1234567Z", "2026-11-25T09:00:00+1:00",
    "2026-11-25T09:00:00+24:00", "2026-11-25T09:00:00+01:60", "2026-11-25T09:00:00ZZ",
    "2026-11-25T09-00-00Z", "2026-11-25T 9:00:00Z", "2026-11-25T09:00:00 Z",
  ])
  func `any other text is no instant`(text: String) {
    #expect(Instant(text) == nil)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `random instants are written and read back and keep their order`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    // Years 1 to 9999.
    let range = -62_135_596_800_000_000..<253_402_300_800_000_000
    for _ in 0..<200 {
      let left = Instant(microseconds: .random(in: range, using: &generator))
      let right = Instant(microseconds: .random(in: range, using: &generator))
      #expect(Instant(left.description) == left)
      #expect((left < right) == (left.microseconds < right.microseconds))
      #expect(left.date <= right.date || right < left)
    }
  }
}
