import JSON
import Testing

@testable import Planner

/// The allowed side of each limit; the other side is in RuleTests unless it is here.
@Suite struct LimitTests {
  private static let given = Given(workPillar, careerTheme)

  @Test(arguments: [1, 80])
  func `takes a name of up to 80 characters`(length: Int) {
    Given().when("createPillar", workPillar.1.with("name", text(length)))
      .emits(types: "PillarCreated")
    LimitTests.given.when("createTheme", healthTheme.1.with("name", text(length)))
      .emits(types: "ThemeCreated")
  }

  @Test func `counts scalars after trimming, not characters or bytes`() {
    let flags = String(repeating: "🇩🇪", count: 40)
    Given().when("createPillar", workPillar.1.with("name", .string("  \(flags)\u{2003}\n")))
      .emits(
        (
          "PillarCreated",
          [
            "pillarId": work,
            "after": ["name": .string(flags), "color": "#808080", "domain": "personal"],
          ]
        ))
    Given().when("createPillar", workPillar.1.with("name", .string(flags + "x")))
      .isRejected(.nameTooLong, "createPillar.name", limit: "80")
    Given().when("changePillar", workPillar.1.with("name", .string(flags + "x")))
      .isRejected(.nameTooLong, "changePillar.name", limit: "80")
  }

  @Test(
    arguments: [
      ("title", 256), ("description", 1_000), ("notes", 4_000), ("description", 0), ("notes", 0),
    ])
  func `takes texts of a task up to their limit`(name: String, length: Int) {
    Given().when("createTask", letterTask.1.with(name, text(length))).emits(types: "TaskCreated")
  }

  @Test(arguments: [("effortMinutes", [1, 480]), ("priority", [1, 5])])
  func `takes numbers of a task at both ends`(name: String, values: [Int]) {
    for value in values {
      Given().when("createTask", letterTask.1.with(name, .int(value))).emits(types: "TaskCreated")
    }
  }

  @Test(
    arguments: [
      ("effortMinutes", 481, Rule.effortOutOfRange), ("effortMinutes", -1, .effortOutOfRange),
      ("priority", 0, .priorityOutOfRange),
    ])
  func `refuses numbers of a task beyond the other end`(name: String, value: Int, rule: Rule) {
    Given().when("createTask", letterTask.1.with(name, .int(value)))
      .isRejected(rule, "createTask.\(name)")
  }

  @Test func `takes tags of 50 characters, 500 together`() {
    Given().when("createTask", letterTask.1.with("tags", .array(tags(500))))
      .emits(types: "TaskCreated")
  }

  @Test func `keeps a tag that is given twice once`() {
    let outcome = Given().when("createTask", letterTask.1.with("tags", ["b", "a", " b "]))
    #expect(outcome.events[0].data["after"]?["tags"] == ["b", "a"])
  }

  @Test(arguments: [0, 100])
  func `takes ratings from 0 to 100`(rating: Int) {
    LimitTests.given.when("rateTheme", ["themeId": career, "ratingPercent": .int(rating)])
      .emits(types: "ThemeRated")
  }

  @Test func `refuses a rating below 0`() {
    LimitTests.given.when("rateTheme", ["themeId": career, "ratingPercent": -1])
      .isRejected(.ratingOutOfRange, "rateTheme.ratingPercent", limit: "0 to 100")
  }

  @Test func `takes a reflection of 2,000 characters`() {
    LimitTests.given
      .when("rateTheme", ["themeId": career, "ratingPercent": 5, "note": text(2_000)])
      .emits(types: "ThemeRated")
  }

  @Test(arguments: ["#12abEF", "#000000"])
  func `takes colours in either case as they are`(color: String) {
    let outcome = Given().when("createPillar", workPillar.1.with("color", .string(color)))
    #expect(outcome.events[0].data["after"]?["color"] == .string(color))
  }

  @Test(arguments: ["", "#12345", "#1234567", "1234567", "#１23456", "#12345\u{301}"])
  func `refuses what is no colour`(color: String) {
    Given().when("createPillar", workPillar.1.with("color", .string(color)))
      .isRejected(.invalidColor, "createPillar.color", limit: "#RRGGBB")
  }

  @Test func `takes extra of 16,384 bytes`() {
    Given().when("changePreferences", ["extra": ["a": text(16_376)]])
      .emits(types: "PreferencesChanged")
  }

  @Test func `takes what happened just now`() {
    Given().when(letterTask.0, letterTask.1, occurredAt: "2026-11-25T10:00:00+01:00")
      .emits(types: "TaskCreated")
  }

  @Test func `takes a snooze that ends a moment from now`() {
    Given(letterTask)
      .when("snoozeTask", ["taskId": letter, "until": "2026-11-25T09:00:00.000001Z"])
      .emits(types: "TaskSnoozed")
  }

  @Test func `reads a snooze as of when it happened`() {
    let body: JSON = ["taskId": letter, "until": "2026-11-02T09:00:00Z"]
    Given(letterTask).when("snoozeTask", body, occurredAt: "2026-11-01T09:00:00Z")
      .emits(types: "TaskSnoozed")
    Given(letterTask).when("snoozeTask", body).isRejected(.snoozeNotLater, "snoozeTask.until")
  }

  @Test(arguments: ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
  func `refuses an instant whose day in UTC cannot be written`(instant: String) {
    Given().when("createTask", letterTask.1.with("dueAt", .string(instant)))
      .isRejected(.invalidInstant, "createTask.dueAt")
  }

  @Test(arguments: ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
  func `takes the first and the last instant`(instant: String) {
    let outcome = Given().when("createTask", letterTask.1.with("dueAt", .string(instant)))
    #expect(outcome.events[0].data["after"]?["dueAt"] == .string(instant))
  }
}
