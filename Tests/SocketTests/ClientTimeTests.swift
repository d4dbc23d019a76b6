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

  /// It is 14:00 on a Wednesday.
  @Test(arguments: [
    ("tuesday", "2026-12-01T00:00", "2026-11-24T00:00"),
    ("wednesday", "2026-12-02T00:00", "2026-11-25T00:00"),
    ("last wednesday", "2026-11-18T00:00", "2026-11-18T00:00"),
    ("last tuesday", "2026-11-24T00:00", "2026-11-24T00:00"),
    ("Last Thu 9am", "2026-11-19T09:00", "2026-11-19T09:00"),
    ("tuesday 14:30", "2026-12-01T14:30", "2026-11-24T14:30"),
    ("wednesday 9:30pm", "2026-11-25T21:30", "2026-11-18T21:30"),
    ("wednesday noon", "2026-12-02T12:00", "2026-11-25T12:00"),
    ("yesterday 12am", "2026-11-24T00:00", "2026-11-24T00:00"),
    ("today midnight", "2026-11-25T00:00", "2026-11-25T00:00"),
    ("2026-10-01 9 am", "2026-10-01T09:00", "2026-10-01T09:00"),
    ("9am", "2026-11-26T09:00", "2026-11-25T09:00"),
    ("15:00:05", "2026-11-25T15:00:05", "2026-11-24T15:00:05"),
  ])
  func `finds a weekday and a time of day ahead or back`(
    text: String, ahead: String, back: String
  ) throws {
    #expect(try #require(When(text, clock, .ahead)).instant == When(ahead, clock)?.instant)
    #expect(try #require(When(text, clock, .back)).instant == When(back, clock)?.instant)
  }

  @Test(arguments: ["1234", "#1234"])
  func `reads a position of the log`(text: String) {
    #expect(Moment(text, clock) == .position(1_234))
  }

  @Test(arguments: [
    ("2026-10-01", "2026-09-30T22:00:00Z"), ("2026-10-01T09:00", "2026-10-01T07:00:00Z"),
    ("-3d", "2026-11-22T12:00:00Z"), ("last tuesday 9am", "2026-11-24T07:00:00Z"),
  ])
  func `reads a moment of the past`(text: String, instant: String) throws {
    #expect(Moment(text, clock) == .instant(try #require(Instant(instant))))
  }

  @Test(arguments: ["#", "12a", "", "#-1", "99999999999999999999", "last", "last week"])
  func `reads no moment into other texts`(text: String) {
    #expect(Moment(text, clock) == nil)
  }

  /// Every minute of a day, written in both ways, is that minute; the printed texts name the one that is not.
  @Test func `reads back every time of day`() {
    for minute in 0..<24 * 60 {
      let (hour, rest) = (minute / 60, minute % 60)
      let two = rest < 10 ? "0\(rest)" : "\(rest)"
      let half = hour < 12 ? "am" : "pm"
      for text in ["\(hour):\(two)", "\((hour + 11) % 12 + 1):\(two)\(half)"] {
        #expect(TimeOfDay.seconds(text) == minute * 60, "\(text)")
      }
    }
  }

  @Test(arguments: [
    "", "24:00", "9", "13pm", "0am", "9:60", "9:5:60", "am", ":30", "9::1", "-9:00", "1:2:3:4",
    "noonpm", "123:00",
  ])
  func `reads no time of day into other texts`(text: String) {
    #expect(TimeOfDay.seconds(text) == nil)
  }

  @Test(arguments: [
    "last", "last last tuesday", "tuesday tuesday", "tuesday 25:00", "last 9am", "9am tuesday",
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
