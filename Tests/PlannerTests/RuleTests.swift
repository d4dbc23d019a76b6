import JSON
import Testing

@testable import Planner

/// A command that breaks a rule.
private struct Offence {
  var given = Given()
  let name: String
  let body: JSON
  let field: String?
  var limit: String?
  var occurredAt: String?
  /// The name of a second body.
  var second: String?

  var outcome: Outcome {
    guard let second else { return given.when(name, body, occurredAt: occurredAt) }
    return Outcome(
      state: given.state, command: .object(["commandId": id(1), name: body, second: body]))
  }
}

@Suite struct RuleTests {
  /// Those that only a planner with a past breaks are in UndoTests.
  private static let rulesOfThePast: Set<Rule> = [
    .noSuchCommand, .alreadyUndone, .cannotBeUndone, .builtUpon,
  ]

  @Test(arguments: Rule.allCases.filter { !rulesOfThePast.contains($0) })
  func `each rule says no in its own name, with field, limit and a sentence`(rule: Rule) {
    let offence = offence(against: rule)
    let outcome = offence.outcome
    outcome.isRejected(rule, offence.field, limit: offence.limit)
    let message = outcome.rejection?.message ?? ""
    #expect(message.hasSuffix("."))
    if let field = offence.field { #expect(message.contains(field)) }
    if let limit = offence.limit, limit != "1" { #expect(message.contains(limit)) }
  }

  @Test func `a long name of an unknown field is told in short`() {
    let name = String(repeating: "x", count: 100_000)
    let body: JSON = .object([name: 1, "taskId": letter])
    let rejection = Given().when("startTask", body).rejection
    #expect(rejection?.rule == .unknownField)
    #expect((rejection?.field ?? "").utf8.count < 200)
    #expect((rejection?.message ?? "").utf8.count < 400)
  }
}

private func offence(against rule: Rule) -> Offence {
  shapeOffence(rule) ?? generalOffence(rule) ?? groupOffence(rule) ?? taskOffence(rule)
    ?? taskStateOffence(rule) ?? recurrenceOffence(rule) ?? preferencesOffence(rule)
    ?? undoOffence(rule)!
}

private func shapeOffence(_ rule: Rule) -> Offence? {
  switch rule {
  case .wrongType:
    Offence(
      name: "createTask", body: ["taskId": letter, "title": 5], field: "createTask.title",
      limit: "string")
  case .missingField:
    Offence(name: "createTask", body: ["taskId": letter], field: "createTask.title")
  case .unknownField:
    Offence(
      name: "createTask", body: ["taskId": letter, "title": "x", "status": "done"],
      field: "createTask.status")
  case .invalidID:
    Offence(name: "startTask", body: ["taskId": "21"], field: "startTask.taskId", limit: "a UUID")
  case .invalidDate:
    Offence(
      name: "createTask", body: ["taskId": letter, "title": "x", "dueDate": "2026-02-29"],
      field: "createTask.dueDate")
  case .invalidInstant:
    Offence(
      name: "snoozeTask", body: ["taskId": letter, "until": "tomorrow"], field: "snoozeTask.until")
  case .noBody: Offence(name: "createTask", body: nil, field: nil)
  case .severalBodies:
    Offence(name: "createTask", body: [:], field: "startTask", second: "startTask")
  case .cannotBeEmpty:
    Offence(
      name: "changeTask", body: ["taskId": letter, "clear": ["priority"]], field: "changeTask.clear"
    )
  case .clearedAndGiven:
    Offence(
      name: "changeTask", body: ["taskId": letter, "impact": "H", "clear": ["impact"]],
      field: "changeTask.clear")
  default: nil
  }
}

private func generalOffence(_ rule: Rule) -> Offence? {
  switch rule {
  case .occurredInFuture:
    Offence(
      name: letterTask.0, body: letterTask.1, field: "occurredAt", limit: "2026-11-25T09:00:00Z",
      occurredAt: "2026-11-25T09:00:00.000001Z")
  case .nothingChanged:
    Offence(
      given: Given(workPillar), name: "changePillar", body: ["pillarId": work, "name": " Work "],
      field: "changePillar")
  case .idTaken:
    Offence(
      given: Given(letterTask), name: letterTask.0, body: letterTask.1, field: "createTask.taskId")
  case .noSuchPillar:
    Offence(name: careerTheme.0, body: careerTheme.1, field: "createTheme.pillarId")
  case .noSuchTheme:
    Offence(
      name: "rateTheme", body: ["themeId": career, "ratingPercent": 1], field: "rateTheme.themeId")
  case .noSuchTask:
    Offence(name: "completeTask", body: ["taskId": letter], field: "completeTask.taskId")
  default: nil
  }
}

private func groupOffence(_ rule: Rule) -> Offence? {
  let pillar: JSON = ["pillarId": home, "name": "Home"]
  switch rule {
  case .nameEmpty:
    return Offence(
      name: "createPillar", body: pillar.with("name", " \u{2003}\n"), field: "createPillar.name")
  case .nameTooLong:
    return Offence(
      name: "createPillar", body: pillar.with("name", text(81)), field: "createPillar.name",
      limit: "80")
  case .nameTaken:
    return Offence(
      given: Given(homePillar), name: "createPillar", body: pillar.with("pillarId", work),
      field: "createPillar.name")
  case .invalidColor:
    return Offence(
      name: "createPillar", body: pillar.with("color", "#12345G"), field: "createPillar.color",
      limit: "#RRGGBB")
  case .unknownDomain:
    return Offence(
      name: "createPillar", body: pillar.with("domain", "leisure"), field: "createPillar.domain",
      limit: "work, personal")
  case .ratingOutOfRange:
    return Offence(
      given: Given(workPillar, careerTheme), name: "rateTheme",
      body: ["themeId": career, "ratingPercent": 101], field: "rateTheme.ratingPercent",
      limit: "0 to 100")
  case .reflectionTooLong:
    return Offence(
      given: Given(workPillar, careerTheme), name: "rateTheme",
      body: ["themeId": career, "ratingPercent": 1, "note": text(2_001)], field: "rateTheme.note",
      limit: "2000")
  default: return nil
  }
}

private func taskOffence(_ rule: Rule) -> Offence? {
  func create(_ name: String, _ value: JSON, _ field: String? = nil, _ limit: String?) -> Offence {
    Offence(
      name: "createTask", body: letterTask.1.with(name, value),
      field: "createTask.\(field ?? name)", limit: limit)
  }
  switch rule {
  case .titleEmpty: return create("title", "\t ", nil, "1")
  case .titleTooLong: return create("title", text(257), nil, "256")
  case .descriptionTooLong: return create("description", text(1_001), nil, "1000")
  case .notesTooLong: return create("notes", text(4_001), nil, "4000")
  case .unknownTimeEstimate: return create("timeEstimate", "2h", nil, "15m, 30m, 1h, 2h+")
  case .effortOutOfRange: return create("effortMinutes", 0, nil, "1 to 480")
  case .unknownImpact: return create("impact", "h", nil, "H, M, L")
  case .priorityOutOfRange: return create("priority", 6, nil, "1 to 5")
  case .dueTwice:
    return Offence(
      name: "createTask",
      body: letterTask.1.with("dueDate", "2026-11-25").with("dueAt", "2026-11-25T09:00:00Z"),
      field: "createTask.dueAt")
  case .tagEmpty: return create("tags", ["a", " "], "tags[1]", "1")
  case .tagTooLong: return create("tags", ["a", text(51)], "tags[1]", "50")
  case .tagsTooLong: return create("tags", .array(tags(501)), nil, "500")
  default: return nil
  }
}

/// Different tags with so many characters together.
func tags(_ length: Int) -> [JSON] {
  var (tags, rest): ([JSON], Int) = ([], length)
  while rest > 0 {
    let number = String(tags.count)
    let count = min(rest, 50)
    tags.append(.string((number + String(repeating: "x", count: 50)).prefix(count).description))
    rest -= count
  }
  return tags
}

private func taskStateOffence(_ rule: Rule) -> Offence? {
  let reference: JSON = ["taskId": letter]
  let done = Given(letterTask, ("completeTask", reference))
  let place = Given(workPillar, careerTheme, letterTask, reportTask)
  func move(_ members: JSON, _ field: String) -> Offence {
    Offence(
      given: place, name: "moveTask", body: members.with("taskId", letter),
      field: "moveTask.\(field)")
  }
  switch rule {
  case .alreadyStarted:
    let started = Given(letterTask, ("startTask", reference))
    return Offence(given: started, name: "startTask", body: reference, field: "startTask.taskId")
  case .alreadyCompleted:
    return Offence(
      given: done, name: "completeTask", body: reference, field: "completeTask.taskId")
  case .alreadyOpen:
    return Offence(
      given: Given(letterTask), name: "reopenTask", body: reference, field: "reopenTask.taskId")
  case .snoozeNotLater:
    return Offence(
      given: Given(letterTask), name: "snoozeTask",
      body: reference.with("until", "2026-11-25T09:00:00Z"), field: "snoozeTask.until",
      limit: "2026-11-25T09:00:00Z")
  case .completedTaskSnoozed:
    return Offence(
      given: done, name: "snoozeTask", body: reference.with("until", "2027-01-01T00:00:00Z"),
      field: "snoozeTask.taskId")
  case .notSnoozed:
    return Offence(
      given: Given(letterTask), name: "wakeTask", body: reference, field: "wakeTask.taskId")
  case .placeTwice: return move(["themeId": career, "inbox": true], "inbox")
  case .beforeAndAfter:
    return move(["beforeTaskId": report, "afterTaskId": report], "afterTaskId")
  case .movedToItself: return move(["beforeTaskId": letter], "beforeTaskId")
  case .neighbourElsewhere: return move(["themeId": career, "afterTaskId": report], "afterTaskId")
  default: return nil
  }
}

private func recurrenceOffence(_ rule: Rule) -> Offence? {
  func recur(_ recurrence: JSON, _ field: String = "rule", _ limit: String? = nil) -> Offence {
    Offence(
      name: "createTask", body: letterTask.1.with("recurrence", recurrence),
      field: "createTask.recurrence.\(field)", limit: limit)
  }
  switch rule {
  case .recurrenceTooLong: return recur(["rule": text(501)], "rule", "500")
  case .recurrenceSyntax: return recur(["rule": "FREQ=DAILY;"])
  case .recurrenceFrequency: return recur(["rule": "FREQ=FORTNIGHTLY"])
  case .recurrencePart: return recur(["rule": "FREQ=DAILY;INTERVAL=0"], "rule", "INTERVAL")
  case .recurrenceEndsTwice: return recur(["rule": "FREQ=DAILY;COUNT=3;UNTIL=20270101"])
  case .unknownAnchor:
    return recur(["rule": "FREQ=DAILY", "anchor": "start"], "anchor", "due, completion")
  case .unknownCatchUp:
    return recur(["rule": "FREQ=DAILY", "catchUp": "none"], "catchUp", "all, next, single")
  case .unknownGate:
    return recur(["rule": "FREQ=DAILY", "gate": "done"], "gate", "schedule, afterDone")
  default: return nil
  }
}

private func preferencesOffence(_ rule: Rule) -> Offence? {
  func prefer(_ name: String, _ value: JSON, limit: String? = nil) -> Offence {
    Offence(
      name: "changePreferences", body: .object([name: value]), field: "changePreferences.\(name)",
      limit: limit)
  }
  switch rule {
  case .weightOutOfRange: return prefer("urgency", 101, limit: "0 to 100")
  case .weightsSum:
    return Offence(
      name: "changePreferences", body: ["urgency": 41], field: "changePreferences", limit: "100")
  case .unknownTimezone: return prefer("timezone", "Europe/Bonn")
  case .invalidTimeOfDay: return prefer("workStart", "9:00")
  case .workHoursOrder: return prefer("workStart", "17:00")
  case .unknownWeekday:
    return prefer(
      "weekStart", "Monday",
      limit: "monday, tuesday, wednesday, thursday, friday, saturday, sunday")
  case .extraTooLong: return prefer("extra", ["a": text(16_377)], limit: "16384")
  default: return nil
  }
}

private func undoOffence(_ rule: Rule) -> Offence? {
  func undo(_ ids: [JSON], _ field: String = "undo.commandIds", limit: String? = nil) -> Offence {
    Offence(name: "undo", body: ["commandIds": .array(ids)], field: field, limit: limit)
  }
  return switch rule {
  case .noCommands: undo([], limit: "1")
  case .tooManyCommands: undo((1...1_001).map { id($0) }, limit: "1000")
  case .commandTwice: undo([id(1), id(2), id(1)], "undo.commandIds[2]")
  default: nil
  }
}
