import JSON
import Scalars
import Testing

@testable import planner

@Suite struct ClientDisplayTests {
  @Test(arguments: [
    ("plain", 5), ("", 0), ("Übung", 5), ("e\u{301}", 1), ("家族", 4), ("한국", 4), ("ｆｕｌｌ", 8),
    ("🏃‍♀️", 2), ("🇩🇪", 2), ("☕", 2), ("❤️", 2), ("a\u{200B}b", 2), ("–…“”", 4), ("ｶﾅ", 2),
  ])
  func `knows how wide a text is`(text: String, width: Int) {
    #expect(TextWidth.of(text) == width)
  }

  @Test func `cuts a text to a width without cutting a character`() {
    #expect(TextWidth.fitted("abcdef", to: 6) == "abcdef")
    #expect(TextWidth.fitted("abcdef", to: 4) == "abc…")
    #expect(TextWidth.fitted("家族と友人", to: 6) == "家族…")
    #expect(TextWidth.fitted("家族と友人", to: 7) == "家族と…")
    #expect(TextWidth.fitted("abc", to: 0) == "")
  }

  @Test func `lets no text steer the terminal`() {
    #expect(TextWidth.sanitized("a\u{1B}[31mb") == "a␛[31mb")
    #expect(TextWidth.sanitized("a\nb\tc\r") == "a b c ")
    #expect(TextWidth.sanitized("a\nb\u{7}", keepingNewlines: true) == "a\nb␇")
    #expect(TextWidth.sanitized("a\u{202E}b\u{9B}c\u{7F}") == "ab\u{FFFD}c␡")
  }

  @Test func `aligns columns by what is seen`() {
    var table = Table([.init("Name"), .init("N", alignRight: true), .init("Empty"), .init("Tail")])
    table.add([Cell("家族"), Cell("7"), Cell(""), Cell("x")])
    table.add([Cell("ab"), Cell("123"), Cell(""), Cell("")])
    #expect(table.lines(.plain, width: nil) == ["Name    N  Tail", "家族    7  x", "ab    123"])
  }

  @Test func `cuts the widest columns first and only those that may be cut`() {
    var table = Table([.init("ID"), .init("Long", least: 5), .init("Other", least: 5)])
    table.add([Cell("01234567"), Cell("abcdefghijklmno"), Cell("abcdefgh")])
    #expect(
      table.lines(.plain, width: 28) == [
        "ID        Long      Other", "01234567  abcdefg…  abcdefgh",
      ])
    #expect(table.lines(.plain, width: 10).last == "01234567  abcd…  abcd…")
  }

  @Test func `paints only where colours are wanted`() {
    let wanted = { (name: String) in ["TERM": "xterm"][name] }
    let refused = { (name: String) in ["TERM": "xterm", "NO_COLOR": "1"][name] }
    let dumb = { (name: String) in ["TERM": "dumb"][name] }
    #expect(
      Style(isTerminal: true, environment: wanted).paint("x", .poor) == "\u{1B}[31mx\u{1B}[0m")
    #expect(Style(isTerminal: true, environment: refused) == .plain)
    #expect(Style(isTerminal: true, environment: dumb) == .plain)
    #expect(Style(isTerminal: false, environment: wanted) == .plain)
    #expect(
      Style(depth: .full).paint("x", .color("#22aa66")) == "\u{1B}[38;2;34;170;102mx\u{1B}[0m")
    #expect(Style(depth: .basic).paint("x", .color("#ff0000")) == "\u{1B}[38;5;196mx\u{1B}[0m")
    #expect(Style(depth: .basic).paint("x", .color("red")) == "x")
  }

  @Test func `draws averages as bars`() {
    #expect(PercentBar.text(64) == "██████░░░░  64 %")
    #expect(PercentBar.text(0) == "░░░░░░░░░░   0 %")
    #expect(PercentBar.text(100) == "██████████ 100 %")
    #expect(PercentBar.cell(nil).pieces[0].text == "not rated")
  }

  @Test func `writes numbers for people`() {
    #expect(Number.grouped(1_234_567) == "1,234,567")
    #expect(Number.grouped(-123) == "-123")
    #expect(Number.fixed(0.71234, 3) == "0.712")
    #expect(Number.fixed(1.999, 2) == "2.00")
    #expect(Number.fixed(-0.001, 2) == "0.00")
    #expect(Number.text(33) == "33")
    #expect(Number.counted(1, "theme") == "1 theme")
    #expect(Number.counted(2, "theme") == "2 themes")
  }

  @Test(arguments: [
    ("2026-11-25", "today"), ("2026-11-26", "tomorrow"), ("2026-11-28", "in 3 days"),
    ("2026-11-24", "1 day overdue"), ("2026-11-23", "2 days overdue"),
    ("2027-03-01", "2027-03-01"), ("2026-12-25", "in 30 days"), ("2026-12-26", "2026-12-26"),
  ])
  func `says a due date from today`(date: String, said: String) throws {
    let date = try #require(CalendarDate(date))
    #expect(RelativeDate(date: date, .fixed()).text == said)
  }

  @Test(arguments: [
    ("2026-11-25T12:30:00Z", "in 30 minutes"), ("2026-11-25T15:00:00Z", "in 3 hours"),
    ("2026-11-25T11:00:00Z", "1 hour overdue"), ("2026-11-27T09:00:00Z", "in 2 days at 09:00"),
    ("2026-11-20T09:00:00Z", "5 days overdue"),
  ])
  func `says a due instant from now`(instant: String, said: String) throws {
    let instant = try #require(Instant(instant))
    #expect(RelativeDate(at: instant, .fixed()).text == said)
  }

  @Test func `nothing done is overdue`() {
    let row: JSON = ["status": "done", "dueDate": "2026-11-01"]
    #expect(RelativeDate(task: row, .fixed())?.text == "2026-11-01")
    #expect(RelativeDate(task: row, .fixed())?.tone == .done)
    #expect(RelativeDate(task: [:], .fixed()) == nil)
  }

  @Test func `says how long ago something was`() throws {
    for (text, said) in [
      ("2026-11-25T12:00:00Z", "just now"), ("2026-11-25T11:55:00Z", "5 minutes ago"),
      ("2026-11-25T09:00:00Z", "3 hours ago"), ("2026-11-24T09:00:00Z", "yesterday"),
      ("2026-11-20T09:00:00Z", "5 days ago"), ("2026-01-20T09:00:00Z", "2026-01-20"),
    ] {
      #expect(RelativeDate.ago(try #require(Instant(text)), .fixed()) == said)
    }
  }

  @Test func `draws progress within its width`() {
    let line = ProgressLine.text("rebuild tasks", done: 50, total: 200, "5 events/s", width: 79)
    #expect(line.contains("25 %"))
    #expect(line.contains("50 of 200"))
    #expect(TextWidth.of(line) <= 79)
    #expect(ProgressLine.text("apply", done: 3, total: nil, "", width: 20) == "apply  3")
    #expect(TextWidth.of(ProgressLine.text("apply", done: 3, total: 9, "", width: 12)) <= 12)
  }

  @Test(arguments: [
    (
      "ThemeRated",
      #"{"themeId":"t","before":{"ratingPercent":55},"after":{"ratingPercent":70,"lastReflectionNote":"n"}}"#,
      "Rated <theme t> 70 % (was 55 %): “n”"
    ),
    ("TaskCreated", #"{"taskId":"k","after":{"title":"Run"}}"#, "Added “Run”"),
    ("PillarRemoved", #"{"pillarId":"p","before":{"name":"Work"}}"#, "Removed pillar Work"),
    (
      "TaskMoved", #"{"taskId":"k","before":{"themeId":null},"after":{"themeId":"t"}}"#,
      "Moved “<task k>” to <theme t>"
    ),
    (
      "TaskChanged", #"{"taskId":"k","before":{"priority":3},"after":{"priority":5}}"#,
      "Changed “<task k>”: priority 3 → 5"
    ),
    ("TaskCompleted", #"{"taskId":"k","before":{},"after":{}}"#, "Completed “<task k>”"),
    ("PlannerOpened", #"{"ownerId":"o"}"#, "Opened the planner"),
    ("SomethingNew", #"{"a":1}"#, #"SomethingNew {"a":1}"#),
    ("TaskCreated", "null", "TaskCreated, erased"),
    (
      "TaskSnoozed",
      #"{"taskId":"1","after":{"snoozedUntil":"2026-11-24T06:01:57.615823Z"}}"#,
      "Snoozed “<task 1>” until 2026-11-24 06:01"
    ), ("PersonSeen", #"{"uid":0}"#, "First seen: uid 0"),
    ("EventsErased", #"{"upTo":9,"events":2}"#, "Erased the contents of 2 events"),
  ])
  func `tells an event in words`(type: String, data: String, said: String) throws {
    let sentence = EventSentence(local: .utc) { kind, id in "<\(kind.rawValue) \(id)>" }
    #expect(sentence.text(type, try JSON.parse(data)) == said)
  }
}
