import JSON
import Scalars
import Testing

@testable import Planner

@Suite struct CommandReadingTests {
  private func rejection(_ json: JSON) -> Rejection? {
    do throws(Rejection) {
      _ = try Command(json: json)
      return nil
    } catch {
      return error
    }
  }

  /// One valid body of each kind.
  private static let bodies: [(CommandKind, JSON)] = [
    (.createPillar, ["pillarId": work, "name": "Work"]),
    (.changePillar, ["pillarId": work, "name": "Work"]),
    (.removePillar, ["pillarId": work]),
    (.createTheme, ["themeId": career, "pillarId": work, "name": "Career"]),
    (.changeTheme, ["themeId": career]),
    (.removeTheme, ["themeId": career]),
    (.rateTheme, ["themeId": career, "ratingPercent": 1]),
    (.createTask, ["taskId": letter, "title": "x"]),
    (.changeTask, ["taskId": letter]),
    (.moveTask, ["taskId": letter]),
    (.startTask, ["taskId": letter]),
    (.completeTask, ["taskId": letter]),
    (.reopenTask, ["taskId": letter]),
    (.snoozeTask, ["taskId": letter, "until": "2027-01-01T00:00:00Z"]),
    (.wakeTask, ["taskId": letter]),
    (.removeTask, ["taskId": letter]),
    (.changePreferences, ["habitLearning": false]),
    (.undo, ["commandIds": [letter]]),
  ]

  @Test func `reads each command with its name and the id that it is about`() throws {
    #expect(CommandReadingTests.bodies.map(\.0) == CommandKind.allCases)
    for (kind, body) in CommandReadingTests.bodies {
      let command = try Command(json: .object(["commandId": id(5), kind.rawValue: body]))
      #expect(command.id.description == idText(5))
      #expect(command.name == kind.rawValue)
      let members = body.object!.members
      let entity = members[0].value.string
      #expect(command.entityID?.description == entity)
      #expect(command.hashedBody == .object([kind.rawValue: body]))
    }
  }

  @Test func `asks for every required field and for the right types of all`() {
    for (kind, body) in CommandReadingTests.bodies where kind != .changePreferences {
      for member in body.object!.members where !(kind == .changePillar && member.name == "name") {
        let path = "\(kind.rawValue).\(member.name)"
        let missing = body.with(member.name, nil)
        #expect(rejection(.object(["commandId": id(5), kind.rawValue: missing]))?.field == path)
        let wrong = body.with(member.name, [[]])
        let rejected = rejection(.object(["commandId": id(5), kind.rawValue: wrong]))
        #expect(rejected?.rule == .wrongType)
        #expect(rejected?.field == path)
      }
    }
  }

  @Test func `takes absent and null for the same`() throws {
    let command = try Command(json: [
      "commandId": id(5), "expectedVersion": nil, "occurredAt": nil, "changeTask": nil,
      "soon": nil,
      "createTask": ["taskId": letter, "title": "x", "tags": nil, "themeId": nil, "later": nil],
    ])
    #expect(command.expectedVersion == nil)
    #expect(command.occurredAt == nil)
    let plain = try Command(json: [
      "createTask": ["title": "x", "taskId": letter], "commandId": id(6), "expectedVersion": 4,
    ])
    #expect(plain.expectedVersion == 4)
    #expect(plain.body == command.body)
    #expect(plain.hashedBody.canonicalBytes == command.hashedBody.canonicalBytes)
  }

  @Test func `hashes the body and when it happened, as given`() throws {
    let instant: JSON = "2026-11-25T10:00:00+01:00"
    let command = try Command(json: [
      "commandId": id(5), "expectedVersion": 9, "occurredAt": instant,
      "startTask": ["taskId": letter],
    ])
    #expect(command.occurredAt == Given.now)
    #expect(
      command.hashedBody.sorted
        == ["occurredAt": instant, "startTask": ["taskId": letter]] as JSON)
  }

  @Test func `tells the id of a command that cannot be read`() {
    #expect(Command.identity(of: ["commandId": "no UUID"]) == "no UUID")
    #expect(Command.identity(of: ["commandId": 5]) == nil)
    #expect(Command.identity(of: "x") == nil)
  }

  @Test(
    arguments: [
      ("x", Rule.wrongType, nil),
      ([:], .missingField, "commandId"),
      (["commandId": "x"], .invalidID, "commandId"),
      (["commandId": 5], .wrongType, "commandId"),
      (["commandId": id(5)], .noBody, nil),
      (["commandId": id(5), "expectedVersion": "1"], .wrongType, "expectedVersion"),
      (["commandId": id(5), "expectedVersion": 1.5], .wrongType, "expectedVersion"),
      (["commandId": id(5), "occurredAt": "now"], .invalidInstant, "occurredAt"),
      (["commandId": id(5), "createGoal": [:]], .unknownField, "createGoal"),
      (["commandId": id(5), "startTask": []], .wrongType, "startTask"),
      (
        ["commandId": id(5), "startTask": [:], "wakeTask": [:], "moveTask": [:]], .severalBodies,
        "startTask"
      ),
    ] as [(JSON, Rule, String?)])
  func `refuses a wrong envelope`(json: JSON, rule: Rule, field: String?) {
    #expect(rejection(json)?.rule == rule)
    #expect(rejection(json)?.field == field)
  }

  @Test(
    arguments: [
      (["taskId": letter, "clear": ["colour"]], .unknownField),
      (["taskId": letter, "clear": ["title"]], .cannotBeEmpty),
      (["taskId": letter, "clear": ["taskId"]], .cannotBeEmpty),
      (["taskId": letter, "clear": ["clear"]], .unknownField),
      (["taskId": letter, "clear": [1]], .wrongType),
      (["taskId": letter, "clear": "notes"], .wrongType),
      (["taskId": letter, "clear": ["tags"], "tags": []], .clearedAndGiven),
    ] as [(JSON, Rule)])
  func `refuses to clear what cannot be cleared`(body: JSON, rule: Rule) {
    Given(letterTask).when("changeTask", body).isRejected(rule, "changeTask.clear")
  }

  @Test func `has nothing to clear in a pillar or theme`() {
    Given(workPillar).when("changePillar", ["pillarId": work, "clear": ["color"]])
      .isRejected(.cannotBeEmpty, "changePillar.clear")
    Given(workPillar, careerTheme).when("changeTheme", ["themeId": career, "clear": ["name"]])
      .isRejected(.cannotBeEmpty, "changeTheme.clear")
  }

  @Test(
    arguments: [
      ("recurrence", "FREQ=DAILY", "createTask.recurrence"),
      ("recurrence", [:], "createTask.recurrence.rule"),
      ("recurrence", ["rule": "FREQ=DAILY", "every": 2], "createTask.recurrence.every"),
      ("tags", ["a", nil], "createTask.tags"),
      ("tags", "a", "createTask.tags"),
    ] as [(String, JSON, String)])
  func `names the path of a wrong field within a field`(name: String, value: JSON, path: String) {
    #expect(Given().when("createTask", letterTask.1.with(name, value)).rejection?.field == path)
  }
}
