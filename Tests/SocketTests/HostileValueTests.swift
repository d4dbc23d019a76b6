import EventLoop
import JSON
import TestSupport
import Testing
import Varlink

/// Values of the right type that nobody means, in every parameter of every method and every field of every command, as
/// the definitions name them.
@Suite(.daemon()) struct HostileValueTests {
  @Test(arguments: ["org.varlink.service", "org.plannerd.planner", "org.plannerd.views"])
  @EventLoop func `an odd value of a parameter is answered, or refused by a name of its own`(
    interface: String
  ) async throws {
    try await callAll(interface)
  }

  /// Jobs would be started by the hundred.
  @Test(arguments: ["Jobs", "Watch", "Cancel", "Rebuild"])
  @EventLoop func `so is one to an operator's method`(method: String) async throws {
    try await callAll("org.plannerd.control", only: method)
  }

  /// Errors that say what is wrong with a call.
  private static let honest = [
    "InvalidInput", "InvalidParameter", "PlannerNotFound", "NotYetVisible", "InterfaceNotFound",
    "ExpectedMore", "NoSuchJob", "NoSuchProjection",
  ]

  @EventLoop private func callAll(_ interface: String, only: String? = nil) async throws {
    let client = try SharedDaemon.current.client()
    let definition = try await client.definition(interface)
    var calls: [String] = []
    for method in definition.methods.values where only == nil || method.name == only {
      let required = required(of: method.input, in: definition)
      // Of commands there are other tests, and all odd ones in a list are more than a request may have.
      for field in method.input where !["commands", "whatIf"].contains(field.name) {
        for value in OddValues.of(field.type, in: definition) {
          var parameters = required
          parameters[field.name] = value
          calls.append(
            JSON.object([
              "method": .string("\(interface).\(method.name)"), "parameters": .object(parameters),
            ]).text)
        }
      }
    }
    #expect(!calls.isEmpty)
    for chunk in calls.chunks(of: 40) {
      client.send(bytes: chunk.flatMap { Array($0.utf8) + [0] })
      for call in chunk {
        let reply = try await client.message()
        guard let error = reply["error"]?.string else { continue }
        let name = String(error.split(separator: ".").last ?? "")
        #expect(HostileValueTests.honest.contains(name), "\(reply.text) to \(call)")
      }
    }
  }

  /// Each is applied or refused by a rule; and whatever was applied, every view can be told from the log.
  @Test @EventLoop func `an odd value of a command is an outcome, and no view falters over it`()
    async throws
  {
    let client = try SharedDaemon.current.client()
    let definition = try await client.definition("org.plannerd.planner")
    let things = try await makeThings(client)
    let commands = commands(things, definition)
    #expect(commands.count > 1_000)
    var applied = 0
    for chunk in commands.chunks(of: 25) {
      let answer = try await client.submit(chunk)
      for (outcome, command) in zip(answer.outcomes, chunk) {
        switch outcome["result"]?.string {
        case "applied": applied += 1
        case "rejected":
          #expect(outcome["rule"] != "unstorable", "\(command.text): \(outcome.text)")
        default: Issue.record("\(outcome.text) to \(command.text)")
        }
      }
    }
    #expect(applied > 100)
    for job in try await client.verifyViews() {
      #expect(job["report"]?["equal"] == true, "\(job.text)")
    }
    let health = try await client.health()
    for projection in health["projections"]?.array ?? [] {
      #expect(projection["state"] == "live" && projection["lag"] == 0, "\(projection.text)")
    }
    #expect(try await client.verifyLog()["valid"] == true)
    for view in ["Tasks", "Best", "ThemeRatings", "PillarAverages", "RatingHistory", "Preferences"]
    {
      #expect(try await client.call("org.plannerd.views.\(view)")["rows"] != [])
    }
  }

  // MARK: Commands

  /// Values by the names of fields, that are as they must be.
  @EventLoop private func makeThings(_ client: TestClient) async throws -> JSONObject {
    let pillar = SampleCommand.id()
    let theme = SampleCommand.id()
    let task = SampleCommand.id()
    let outcomes = try await client.submit([
      SampleCommand.make("createPillar", ["pillarId": .string(pillar), "name": "Odd"]),
      SampleCommand.make(
        "createTheme", ["themeId": .string(theme), "pillarId": .string(pillar), "name": "Odd"]),
      SampleCommand.make(
        "createTask", ["taskId": .string(task), "themeId": .string(theme), "title": "Odd"]),
    ]).outcomes
    #expect(outcomes.allSatisfy { $0["result"] == "applied" })
    return [
      "pillarId": .string(pillar), "themeId": .string(theme), "taskId": .string(task),
      "name": "Name", "title": "Title", "ratingPercent": 50, "until": "2999-01-01T00:00:00Z",
      "rule": "FREQ=DAILY",
    ]
  }

  /// Every field of every body with each odd value of its type; what is removed is removed last.
  @EventLoop private func commands(_ things: JSONObject, _ definition: InterfaceDefinition)
    -> [JSON]
  {
    guard case .structure(let bodies) = definition.types["Command"] else { return [] }
    var commands: [JSON] = []
    for body in bodies where !["commandId", "expectedVersion"].contains(body.name) {
      if body.name == "occurredAt" {
        for value in OddValues.of(.string, in: definition) {
          var command = SampleCommand.createPillar().object!
          command["occurredAt"] = value
          commands.append(.object(command))
        }
      }
      for field in OddValues.fields(of: body.type, in: definition) {
        for value in OddValues.of(field.type, in: definition) {
          commands.append(command(body, field.name, value, things, definition))
        }
      }
    }
    return commands
  }

  @EventLoop private func command(
    _ body: VarlinkType.Field, _ field: String, _ value: JSON, _ things: JSONObject,
    _ definition: InterfaceDefinition
  ) -> JSON {
    var members = JSONObject()
    for other in OddValues.fields(of: body.type, in: definition) {
      if case .nullable = other.type { continue }
      members[other.name] = things[other.name]
    }
    // A new thing has an id of its own, and a name that no other has.
    if body.name.hasPrefix("create") {
      let id = SampleCommand.id()
      let own = String(body.name.dropFirst("create".count)).lowercased()
      members["\(own)Id"] = .string(id)
      if members["name"] != nil { members["name"] = .string("Name \(id)") }
    }
    members[field] = value
    return SampleCommand.make(body.name, .object(members))
  }

  private func required(
    of fields: [VarlinkType.Field], in definition: InterfaceDefinition
  ) -> JSONObject {
    var parameters = JSONObject()
    for field in fields {
      switch field.type {
      case .nullable: continue
      case .int: parameters[field.name] = 1
      case .array: parameters[field.name] = []
      default: parameters[field.name] = "01900000-0000-7000-8000-00000000abba"
      }
    }
    return parameters
  }
}

extension Array {
  fileprivate func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
