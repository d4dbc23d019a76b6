import Scalars
import Testing

@testable import planner

@Suite struct ClientTimeTests {
  /// Two hours east of Greenwich, where it is 14:00.
  private let clock = Clock.fixed(offsetHours: 2)

  @Test(arguments: [
    ("2026-12-01", "2026-11-30T22:00:00Z", "2026-12-01"),
    ("today", "2026-11-24T22:00:00Z", "2026-11-25"),
    ("Tomorrow", "2026-11-25T22:00:00Z", "2026-11-26"),
    ("yesterday", "2026-11-23T22:00:00Z", "2026-11-24"),
    ("friday", "2026-11-26T22:00:00Z", "2026-11-27"),
    ("wednesday", "2026-12-01T22:00:00Z", "2026-12-02"),
    ("mon", "2026-11-29T22:00:00Z", "2026-11-30"),
    ("3d", "2026-11-28T12:00:00Z", "2026-11-28"), ("-3d", "2026-11-22T12:00:00Z", "2026-11-22"),
    ("1w", "2026-12-02T12:00:00Z", "2026-12-02"),
  ])
  func `reads a day`(text: String, instant: String, date: String) throws {
    let when = try #require(When(text, clock))
    #expect(when.instant.description == instant)
    #expect(when.date?.description == date)
  }

  @Test(arguments: [
    ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
    ("2026-12-01T09:00:00+01:00", "2026-12-01T08:00:00Z"),
    ("2026-12-01T09:00", "2026-12-01T07:00:00Z"), ("2026-12-01 09:00:30", "2026-12-01T07:00:30Z"),
    ("2h", "2026-11-25T14:00:00Z"), ("+30m", "2026-11-25T12:30:00Z"),
    ("-2h", "2026-11-25T10:00:00Z"), ("now", "2026-11-25T12:00:00Z"),
  ])
  func `reads a moment`(text: String, instant: String) throws {
    let when = try #require(When(text, clock))
    #expect(when.instant.description == instant)
    #expect(when.date == nil)
  }

  @Test(arguments: [
    "", "soon", "2026-13-01", "3y", "d", "h", "99999999999999999999d", "2026-11-25T",
  ])
  func `reads nothing into other texts`(text: String) {
    #expect(When(text, clock) == nil)
  }

  @Test func `finds the first moment of a day on both sides of a change of the clocks`() throws {
    // Berlin: two hours ahead until 2026-10-25T01:00:00Z, one hour from then on.
    let change = try #require(Instant("2026-10-25T01:00:00Z"))
    let berlin = LocalTime { $0 < change ? 7_200 : 3_600 }
    for (day, start) in [
      ("2026-10-25", "2026-10-24T22:00:00Z"), ("2026-10-26", "2026-10-25T23:00:00Z"),
    ] {
      #expect(berlin.start(of: try #require(CalendarDate(day))).description == start)
    }
    #expect(berlin.text(change) == "2026-10-25 02:00")
  }
}
