import JSON
import Testing

@testable import Planner

@Suite struct PreferencesTests {
  private func change(_ data: JSON) -> (String, JSON) { ("PreferencesChanged", data) }

  @Test func `changes weights that sum to 100`() {
    Given().when("changePreferences", ["urgency": 30, "effort": 20]).emits(
      change(["before": ["urgency": 40, "effort": 10], "after": ["urgency": 30, "effort": 20]]))
    Given().when("changePreferences", ["urgency": 100, "priority": 0, "impact": 0, "effort": 0])
      .emits(types: "PreferencesChanged")
  }

  @Test(arguments: [-1, 101])
  func `refuses weights out of range`(weight: Int) {
    for name in ["urgency", "priority", "impact", "effort"] {
      Given().when("changePreferences", .object([name: .int(weight)]))
        .isRejected(.weightOutOfRange, "changePreferences.\(name)", limit: "0 to 100")
    }
  }

  @Test func `changes all the others`() {
    let body: JSON = [
      "timezone": "Europe/Berlin", "workStart": "00:00", "workEnd": "23:59", "weekStart": "sunday",
      "habitLearning": false, "extra": ["b": 1, "a": [1.5, nil, ["x": nil]]],
    ]
    Given().when("changePreferences", body).emits(
      change([
        "before": [
          "timezone": "UTC", "workStart": "09:00", "workEnd": "17:00", "weekStart": "monday",
          "habitLearning": true, "extra": nil,
        ],
        "after": body.with("extra", #"{"a":[1.5,null,{}],"b":1}"#),
      ]))
  }

  @Test func `resets to the defaults what clear names`() {
    let given = Given(
      (
        "changePreferences",
        [
          "urgency": 30, "effort": 20, "timezone": "Europe/Berlin", "workStart": "08:15",
          "workEnd": "16:00", "weekStart": "sunday", "habitLearning": false, "extra": [:],
        ]
      ))
    given.when("changePreferences", ["clear": .array(ChangePreferences.fields.map { .string($0) })])
      .emits(
        change([
          "before": [
            "urgency": 30, "effort": 20, "timezone": "Europe/Berlin", "workStart": "08:15",
            "workEnd": "16:00", "weekStart": "sunday", "habitLearning": false, "extra": "{}",
          ],
          "after": [
            "urgency": 40, "effort": 10, "timezone": "UTC", "workStart": "09:00",
            "workEnd": "17:00", "weekStart": "monday", "habitLearning": true, "extra": nil,
          ],
        ]))
    given.when("changePreferences", ["clear": ["urgency"]])
      .isRejected(.weightsSum, "changePreferences", limit: "100")
  }

  @Test func `refuses a change that changes nothing`() {
    for body in [[:], ["urgency": 40], ["clear": ["extra"]]] as [JSON] {
      Given().when("changePreferences", body).isRejected(.nothingChanged, "changePreferences")
    }
  }

  @Test func `refuses work that ends before it starts`() {
    Given().when("changePreferences", ["workEnd": "09:00"])
      .isRejected(.workHoursOrder, "changePreferences.workEnd")
    Given().when("changePreferences", ["workStart": "12:00", "workEnd": "11:59"])
      .isRejected(.workHoursOrder, "changePreferences.workStart")
    Given().when("changePreferences", ["workEnd": "09:01"]).emits(types: "PreferencesChanged")
  }

  @Test(arguments: ["", "24:00", "12:60", "1200", "12:0", "12-00", "１2:00", "12:000", "-1:00"])
  func `refuses what is no time of day`(text: String) {
    Given().when("changePreferences", ["workEnd": .string(text)])
      .isRejected(.invalidTimeOfDay, "changePreferences.workEnd")
  }

  @Test func `compares timezones by scalars`() {
    Given().when("changePreferences", ["timezone": "Asia/\u{212A}abul"])
      .isRejected(.unknownTimezone, "changePreferences.timezone")
    Given().when("changePreferences", ["timezone": "Asia/Kabul"]).emits(types: "PreferencesChanged")
  }

  @Test func `keeps a timezone that is no longer known`() {
    let given = Given(("changePreferences", ["timezone": "Europe/Berlin"]))
    let context = DecisionContext(now: Given.now, ownerID: Given.owner, timezones: [])
    let command: JSON = ["commandId": id(9), "changePreferences": ["habitLearning": false]]
    Outcome(state: given.state, command: command, context: context)
      .emits(types: "PreferencesChanged")
  }

  @Test func `takes only an object for extra`() {
    Given().when("changePreferences", ["extra": "x"])
      .isRejected(.wrongType, "changePreferences.extra", limit: "object")
  }
}
