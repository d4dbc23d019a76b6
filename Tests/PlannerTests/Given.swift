import JSON
import Scalars
import Testing

@testable import Planner

/// A planner on which some commands were carried out; the first part of a test's sentence.
struct Given {
  static let now = Instant("2026-11-25T09:00:00Z")!
  static let owner = UUID(high: 7, low: 7)
  static let context = DecisionContext(
    now: now, ownerID: owner, timezones: ["UTC", "Europe/Berlin", "Asia/Kabul"])

  private(set) var state = PlannerState()

  /// A planner as the log has it.
  init(state: PlannerState) {
    self.state = state
  }

  init(_ commands: (String, JSON)..., location: SourceLocation = #_sourceLocation) {
    for (name, body) in commands {
      let outcome = when(name, body)
      guard case .success(let events) = outcome.result else {
        Issue.record("\(name): \(outcome.result)", sourceLocation: location)
        continue
      }
      for event in events { state.evolve(event) }
    }
  }

  /// Decides a command.
  func when(_ name: String, _ body: JSON, occurredAt: String? = nil) -> Outcome {
    var command: JSONObject = ["commandId": id(0xC0FFEE), name: body]
    command["occurredAt"] = occurredAt.map { .string($0) }
    return Outcome(state: state, command: .object(command))
  }
}

/// What became of a command.
struct Outcome {
  let result: Result<[PlannerEvent], Rejection>

  init(state: PlannerState, command: JSON, context: DecisionContext = Given.context) {
    do throws(Rejection) {
      result = .success(try decide(try Command(json: command), state, context).map(\.event))
    } catch {
      result = .failure(error)
    }
  }

  var rejection: Rejection? {
    if case .failure(let rejection) = result { rejection } else { nil }
  }

  /// The events, without the one that opens the planner.
  var events: [NewEvent] {
    guard case .success(let events) = result else { return [] }
    return events.map { NewEvent($0) }.filter { $0.type != "PlannerOpened" }
  }

  /// Expects exactly these events, each readable from its stored form.
  func emits(_ expected: (String, JSON)..., location: SourceLocation = #_sourceLocation) {
    let expected = expected.map { NewEvent(type: $0.0, data: $0.1) }
    #expect(rejection == nil, sourceLocation: location)
    #expect(events.map(\.type) == expected.map(\.type), sourceLocation: location)
    for (event, other) in zip(events, expected) {
      #expect(event.data.sorted == other.data.sorted, sourceLocation: location)
      #expect(PlannerEvent(type: event.type, data: event.data) != nil, sourceLocation: location)
    }
  }

  /// Expects events of these types.
  func emits(types: String..., location: SourceLocation = #_sourceLocation) {
    #expect(rejection == nil, sourceLocation: location)
    #expect(events.map(\.type) == types, sourceLocation: location)
  }

  /// Expects a rejection whose message names field and limit.
  func isRejected(
    _ rule: Rule, _ field: String?, limit: String? = nil,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(rejection?.rule == rule, sourceLocation: location)
    #expect(rejection?.field == field, sourceLocation: location)
    if let limit { #expect(rejection?.limit == limit, sourceLocation: location) }
  }
}

extension JSON {
  /// The same with all members sorted, nulls kept.
  var sorted: JSON {
    switch self {
    case .array(let elements): .array(elements.map(\.sorted))
    case .object(let object):
      .object(
        JSONObject(
          unique: object.members
            .map { .init(name: $0.name, value: $0.value.sorted) }
            .sorted { $0.name < $1.name }))
    default: self
    }
  }

  /// With a member more, or another value in it.
  func with(_ name: String, _ value: JSON) -> JSON {
    guard case .object(var object) = self else { return self }
    object[name] = value
    return .object(object)
  }
}

/// The text of an id made from a small number.
func idText(_ number: Int) -> String {
  UUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | UInt64(number)).description
}

func id(_ number: Int) -> JSON { .string(idText(number)) }

func text(_ count: Int) -> JSON { .string(String(repeating: "x", count: count)) }

// Ids and commands that many tests share.
let work = id(1)
let home = id(2)
let career = id(11)
let health = id(12)
let letter = id(21)
let report = id(22)
let walk = id(23)

let workPillar: (String, JSON) = ("createPillar", ["pillarId": work, "name": "Work"])
let homePillar: (String, JSON) = ("createPillar", ["pillarId": home, "name": "Home"])
let careerTheme: (String, JSON) = (
  "createTheme", ["themeId": career, "pillarId": work, "name": "Career"]
)
let healthTheme: (String, JSON) = (
  "createTheme", ["themeId": health, "pillarId": work, "name": "Health"]
)
let letterTask: (String, JSON) = ("createTask", ["taskId": letter, "title": "Write a letter"])
let reportTask: (String, JSON) = ("createTask", ["taskId": report, "title": "Read the report"])
let walkTask: (String, JSON) = ("createTask", ["taskId": walk, "title": "Walk"])
