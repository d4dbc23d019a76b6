import EventLoop
import JSON
import TestSupport
import Testing

/// Submits that are too long, or hold commands that cannot be read.
@Suite(.daemon()) struct HostileSubmitTests {
  @Test @EventLoop func `a thousand commands are carried out, one more is refused`() async throws {
    let client = try SharedDaemon.current.client()
    let thousand = (0..<1_000).map { _ in SampleCommand.createPillar() }
    let answer = try await client.submit(thousand)
    #expect(answer.outcomes.count == 1_000)
    #expect(answer.outcomes.allSatisfy { $0["result"] == "applied" })
    let pillars = try await client.call(
      "org.plannerd.views.PillarAverages", ["atLeast": .int(answer.position)])
    let ids = Set(pillars["rows"]?.array?.compactMap { $0["pillarId"]?.string } ?? [])
    #expect(ids.isSuperset(of: thousand.compactMap { $0["createPillar"]?["pillarId"]?.string }))

    let tooMany = (0..<1_001).map { _ in SampleCommand.createPillar() }
    await #expect(
      throws: TestClientError.reply(
        "org.plannerd.planner.InvalidInput",
        [
          "parameter": "commands", "rule": "tooMany",
          "message": "at most 1000 commands in one Submit",
        ])
    ) { _ = try await client.submit(tooMany) }
    let sent = try await client.submit([tooMany[0]])
    #expect(sent.outcomes[0]["result"] == "applied", "the long one has written")
  }

  @Test @EventLoop func `no commands are no outcomes`() async throws {
    let client = try SharedDaemon.current.client()
    #expect(try await client.submit([]).outcomes == [])
  }

  /// The body of a command, the rule that refuses it, and the field that is named.
  @Test(arguments: [
    (#""x":1"#, "unknownField", "x"),
    (#""expectedVersion":1"#, "noBody", nil),
    (#""createPillar":null"#, "noBody", nil),
    (#""removeTask":{"taskId":"ID"},"wakeTask":{"taskId":"ID"}"#, "severalBodies", nil),
    (#""createPillar":7"#, "wrongType", "createPillar"),
    (#""createPillar":[]"#, "wrongType", "createPillar"),
    (#""createPillar":{"name":"a"}"#, "missingField", "pillarId"),
    (#""createPillar":{"pillarId":"x","name":"a"}"#, "invalidID", "pillarId"),
    (#""createPillar":{"pillarId":"ID","name":7}"#, "wrongType", "name"),
    (#""createPillar":{"pillarId":"ID","name":"a","size":1}"#, "unknownField", "size"),
    (#""createPillar":{"pillarId":"ID","name":" "}"#, "nameEmpty", "name"),
    (#""createPillar":{"pillarId":"ID","name":"a"},"occurredAt":"now""#, "invalidInstant", nil),
    (#""createPillar":{"pillarId":"ID","name":"a"},"expectedVersion":"1""#, "wrongType", nil),
    (#""completeTask":{"taskId":"ID"}"#, "noSuchTask", "taskId"),
  ])
  @EventLoop func `a bad command is an outcome, and the others are applied`(
    body: String, rule: String, field: String?
  ) async throws {
    let client = try SharedDaemon.current.client()
    let id = SampleCommand.id()
    let bad = try JSON.parse(
      #"{"commandId":"\#(id)",\#(body.replacing("ID", with: SampleCommand.id()))}"#)
    let answer = try await client.submit([
      SampleCommand.createPillar(), bad, SampleCommand.createPillar(),
    ])
    let outcomes = answer.outcomes
    #expect(outcomes.map { $0["result"]?.string } == ["applied", "rejected", "applied"])
    #expect(outcomes[1]["commandId"]?.string == id)
    #expect(outcomes[1]["rule"]?.string == rule)
    if let field {
      #expect(outcomes[1]["field"]?.string?.hasSuffix(field) == true, "\(outcomes[1])")
    }
    #expect(outcomes[1]["message"]?.string?.isEmpty == false)
    #expect(outcomes[1]["firstPosition"] == nil)
  }

  @Test @EventLoop func `a command id that is no UUID is an outcome with that id`() async throws {
    let client = try SharedDaemon.current.client()
    // The id that such a command might be mistaken for.
    var nobody = SampleCommand.createPillar().object!
    nobody["commandId"] = "00000000-0000-0000-0000-000000000000"
    var commands = [JSON.object(nobody)]
    for id in ["", "x", "01900000-0000-7000-8000-00000000000", "x"] {
      var command = SampleCommand.createPillar().object!
      command["commandId"] = .string(id)
      commands.append(.object(command))
    }
    commands.append(SampleCommand.createPillar())
    let outcomes = try await client.submit(commands).outcomes
    #expect(
      outcomes.map { $0["result"]?.string } == [
        "applied", "rejected", "rejected", "rejected", "rejected", "applied",
      ])
    for (outcome, command) in zip(outcomes, commands).dropFirst().prefix(4) {
      #expect(outcome["rule"] == "invalidID")
      #expect(outcome["field"] == "commandId")
      #expect(outcome.object?["commandId"] == command.object?["commandId"])
    }
  }

  @Test(arguments: [
    ("7", "wrongType", nil), ("null", "wrongType", nil), ("[]", "wrongType", nil),
    (#""x""#, "wrongType", nil), ("{}", "missingField", "commandId"),
    (#"{"commandId":null}"#, "missingField", "commandId"),
    (#"{"commandId":7}"#, "wrongType", "commandId"),
    (#"{"removeTask":{"taskId":"x"}}"#, "missingField", "commandId"),
  ])
  @EventLoop func `without a command id it is an outcome that loses nothing else`(
    command: String, rule: String, field: String?
  ) async throws {
    let client = try SharedDaemon.current.client()
    let outcomes = try await client.submit([
      SampleCommand.createPillar(), try JSON.parse(command), SampleCommand.createPillar(),
    ]).outcomes
    #expect(outcomes.map { $0["result"]?.string } == ["applied", "rejected", "applied"])
    #expect(outcomes[1].object?["commandId"] == "")
    #expect(outcomes[1]["rule"]?.string == rule)
    #expect(outcomes[1]["field"]?.string == field)
  }

  @Test @EventLoop func `the same id twice in a batch is carried out once`() async throws {
    let client = try SharedDaemon.current.client()
    let first = SampleCommand.createPillar()
    var other = SampleCommand.createPillar().object!
    other["commandId"] = first["commandId"]
    let outcomes = try await client.submit([first, first, .object(other)]).outcomes
    #expect(outcomes.map { $0["result"]?.string } == ["applied", "duplicate", "idReused"])
    #expect(outcomes[1]["firstPosition"] == outcomes[0]["firstPosition"])
  }

  @Test @EventLoop func `one bad command of an atomic batch withholds the others`() async throws {
    let client = try SharedDaemon.current.client()
    let good = SampleCommand.createPillar()
    let answer = try await client.submit(
      [good, SampleCommand.make("createPillar", 7)], atomic: true)
    #expect(
      answer.outcomes.map { $0["result"]?.string } == ["withheld", "rejected"])
    #expect(try await client.submit([good]).outcomes[0]["result"] == "applied")
  }

  @Test @EventLoop func `a dry run decides and writes nothing`() async throws {
    let client = try SharedDaemon.current.client()
    let command = SampleCommand.createPillar()
    let dry = try await client.submit([command, command], dryRun: true)
    #expect(dry.outcomes[0]["result"] == "applied")
    #expect(try await client.submit([command]).outcomes[0]["result"] == "applied")
  }
}
