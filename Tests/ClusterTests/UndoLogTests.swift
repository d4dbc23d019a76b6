import EventLog
import EventLoop
import JSON
import Planner
import Postgres
import Scalars
import TestCommands
import TestSupport
import Testing

@Suite struct UndoLogTests {
  @Test @EventLoop func `an undo of the last command takes it back`() async throws {
    let log = try await UndoFixture()
    #expect(try await log.does(1, "createPillar", ["pillarId": log.id(1), "name": "Health"]))
    #expect(try await log.does(2, "changePillar", ["pillarId": log.id(1), "name": "Body"]))
    #expect(try await log.undoes(3, [2]))
    let events = try await log.events()
    #expect(events.suffix(2).map(\.type) == ["CommandUndone", "PillarChanged"])
    #expect(events.suffix(2).allSatisfy { $0.undoes == UndoFixture.command(2) })
    #expect(events.last?.data?.contains(#""after": {"name": "Health"}"#) == true)
    #expect(try await log.problems() == [])
  }

  @Test @EventLoop func `a redo names the undo that it takes back`() async throws {
    let log = try await UndoFixture()
    #expect(try await log.does(1, "createTask", ["taskId": log.id(1), "title": "Walk"]))
    #expect(try await log.undoes(2, [1]))
    #expect(try await log.undoes(3, [2]))
    let events = try await log.events().suffix(3)
    #expect(events.map(\.type) == ["CommandUndone", "CommandRedone", "TaskRestored"])
    #expect(events.allSatisfy { $0.undoes == UndoFixture.command(2) })
    #expect(try await log.refusal(UndoFixture.undo(4, [2]))?.rule == .alreadyUndone)
    #expect(try await log.undoes(5, [3]))
    #expect(try await log.events().last?.type == "TaskRemoved")
  }

  @Test(arguments: [true, false]) @EventLoop
  func `an undo may stand in one batch with what it undoes`(atomic: Bool) async throws {
    let log = try await UndoFixture()
    let outcomes = try await log.submit(
      [
        UndoFixture.command(1, "createPillar", ["pillarId": log.id(1), "name": "Health"]),
        UndoFixture.command(2, "changePillar", ["pillarId": log.id(1), "name": "Body"]),
        UndoFixture.undo(3, [2]), UndoFixture.undo(4, [3]), UndoFixture.undo(5, [2]),
        UndoFixture.undo(6, [1], cascade: true),
      ], atomic: atomic)
    #expect(!outcomes.map(\.isAccepted).contains(false), "\(outcomes)")
    #expect(try await log.events().last?.type == "PillarRemoved")
    #expect(try await log.problems() == [])
  }

  @Test @EventLoop
  func `an undo in a batch sees what the log and what the batch did`() async throws {
    let log = try await UndoFixture()
    #expect(try await log.does(1, "createPillar", ["pillarId": log.id(1), "name": "Health"]))
    #expect(try await log.does(2, "changePillar", ["pillarId": log.id(1), "color": "#000001"]))
    #expect(try await log.undoes(3, [2]))
    let outcomes = try await log.submit([
      UndoFixture.command(
        4, "createTheme", ["themeId": log.id(2), "pillarId": log.id(1), "name": "T"]),
      UndoFixture.undo(5, [3]), UndoFixture.undo(6, [1]), UndoFixture.undo(7, [1], cascade: true),
      UndoFixture.undo(8, [7]),
    ])
    let accepted = outcomes.map(\.isAccepted)
    #expect(accepted == [true, true, false, true, true], "\(outcomes)")
    guard case .rejected(let rejection) = outcomes[2] else { return }
    // Command 2 counts again by then, and 3 does not.
    #expect(rejection.dependents == [2, 4].map { UndoFixture.command($0) })
    #expect(try await log.problems() == [])
  }

  @Test @EventLoop
  func `the same undo again is a duplicate, and a dry run writes nothing`() async throws {
    let log = try await UndoFixture()
    #expect(try await log.does(1, "createTask", ["taskId": log.id(1), "title": "Walk"]))
    let undo = UndoFixture.undo(2, [1])
    #expect(try await log.submit([undo], dryRun: true)[0].isAccepted)
    #expect(try await log.events().count == 2)
    #expect(try await log.submit([undo])[0].isAccepted)
    guard case .duplicate = try await log.submit([undo])[0] else {
      Issue.record("no duplicate")
      return
    }
    #expect(try await log.events().count == 4)
  }

  @Test @EventLoop func `of two writers that undo the same one is refused`() async throws {
    let one = try await UndoFixture()
    let two = try await UndoFixture(on: one.database)
    for round in 0..<10 {
      let task: JSON = ["taskId": one.id(round), "title": "Walk"]
      #expect(try await one.does(3 * round + 1, "createTask", task))
      async let first = one.submit([UndoFixture.undo(3 * round + 2, [3 * round + 1])])
      async let second = two.submit([UndoFixture.undo(3 * round + 3, [3 * round + 1])])
      let outcomes = try await [first[0], second[0]]
      #expect(outcomes.filter(\.isAccepted).count == 1)
      for case .rejected(let rejection) in outcomes { #expect(rejection.rule == .alreadyUndone) }
    }
    #expect(try await one.problems() == [])
  }

  @Test @EventLoop func `what is erased cannot be undone, the rest can`() async throws {
    let log = try await UndoFixture()
    #expect(try await log.does(1, "createPillar", ["pillarId": log.id(1), "name": "Health"]))
    let last = try await log.events().last!.position
    #expect(try await log.does(2, "changePillar", ["pillarId": log.id(1), "name": "Body"]))
    try await log.erase(upTo: last)
    let fresh = try await UndoFixture(on: log.database)
    #expect(try await fresh.refusal(UndoFixture.undo(3, [1]))?.rule == .cannotBeUndone)
    #expect(try await fresh.does(4, "createTask", ["taskId": log.id(2), "title": "Walk"]))
    #expect(try await fresh.undoes(5, [4]))
    // The pillar is not there for whoever reads the log now: nothing of it is left to change back.
    #expect(try await fresh.undoes(6, [2]))
    #expect(try await fresh.events().last?.type == "CommandUndone")
    let erasure = try await fresh.events().first { $0.type == "EventsErased" }!.commandID
    let undo: JSON = [
      "commandId": .string(UndoFixture.command(7).description),
      "undo": ["commandIds": [.string(erasure.description)]],
    ]
    #expect(try await fresh.refusal(undo)?.rule == .cannotBeUndone)
  }

  @Test @EventLoop func `an old command is undone under a long past`() async throws {
    let log = try await UndoFixture()
    #expect(try await log.does(1, "createPillar", ["pillarId": log.id(1), "name": "Health"]))
    #expect(
      try await log.does(
        2, "createTheme", ["themeId": log.id(2), "pillarId": log.id(1), "name": "T"]))
    #expect(try await log.does(3, "rateTheme", ["themeId": log.id(2), "ratingPercent": 10]))
    for batch in 0..<5 {
      let tasks = (1...1_000).map { number in
        UndoFixture.command(
          1_000 * (batch + 1) + number, "createTask",
          ["taskId": log.id(1_000 * (batch + 1) + number), "title": "x"])
      }
      #expect(try await log.submit(tasks).filter(\.isAccepted).count == 1_000)
    }
    #expect(try await log.does(4, "rateTheme", ["themeId": log.id(2), "ratingPercent": 30]))
    #expect(try await log.undoes(5, [3]))
    let last = try await log.events().last!
    #expect(last.type == "ThemeChanged")
    #expect(
      last.data
        == #"{"after": {"previousRating": null}, "before": {"previousRating": 10}, "themeId": \#(log.id(2).text)}"#
    )
  }

  @Test @EventLoop func `a simulation says what would happen, and nothing does`() async throws {
    let log = try await UndoFixture()
    #expect(try await log.does(1, "createTask", ["taskId": log.id(1), "title": "Walk"]))
    let commands = [
      UndoFixture.command(2, "completeTask", ["taskId": log.id(1)]), UndoFixture.undo(3, [1]),
      UndoFixture.undo(4, [1], cascade: true),
    ]
    let simulation = try await log.log.simulate(log.batch(commands))
    #expect(simulation.version == 2)
    #expect(
      simulation.events.map(\.draft.type) == [
        "TaskCompleted", "CommandUndone", "CommandUndone", "TaskRemoved",
      ])
    #expect(simulation.events.map(\.version) == [3, 4, 5, 6])
    #expect(simulation.events.map(\.command) == ["completeTask", "undo", nil, nil])
    #expect(simulation.outcomes.map(\.isAccepted) == [true, false, true])
    #expect(try await log.events().count == 2)
    // Another writer moves the log; the next simulation sees that.
    let other = try await UndoFixture(on: log.database)
    #expect(try await other.does(5, "startTask", ["taskId": log.id(1)]))
    let again = try await log.log.simulate(log.batch(commands))
    #expect(again.version == 3)
    #expect(try await log.submit(commands).map(\.isAccepted) == [true, false, true])
    let written = try await log.events().dropFirst(3).map(\.type)
    #expect(written == again.events.map(\.draft.type))
    #expect(try await log.problems() == [])
  }

  @Test(arguments: [Seed.draw(for: "undo in batches")]) @EventLoop
  func `a history leads to the same events however it is cut into batches`(seed: UInt64)
    async throws
  {
    let (one, many) = (try await UndoFixture(), try await UndoFixture())
    var random = SplitMix64(seed: seed)
    let commands = UndoLogTests.commands(&random)
    for command in commands { _ = try await one.submit([command]) }
    var rest = commands[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...40, using: &random)
      _ = try await many.submit(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    let (short, long) = (try await one.events(), try await many.events())
    #expect(short.map(\.type) == long.map(\.type))
    #expect(short.map(\.data) == long.map(\.data))
    #expect(short.map(\.undoes) == long.map(\.undoes))
    #expect(short.count { $0.type == "CommandUndone" } > 10)
  }

  @Test(arguments: [Seed.draw(for: "undo and the oracle")]) @EventLoop
  func `another program finds the planner to be what the commands that count make of it`(
    seed: UInt64
  ) async throws {
    let log = try await UndoFixture()
    var random = SplitMix64(seed: seed)
    for command in UndoLogTests.commands(&random) { _ = try await log.submit([command]) }
    let lines = try await log.lines()
    let run = try await TestProgram.oracle("undo.py", input: lines.joined(separator: "\n"))
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(run.output.hasSuffix("commands count\n"))
  }

  /// Random commands, some of them undos of those before, and of undos.
  private static func commands(_ random: inout SplitMix64) -> [JSON] {
    var generator = CommandGenerator(seed: random.next(), now: PlannerFixture.now)
    var commands: [JSON] = []
    for number in 0..<240 {
      if number > 5, Int.random(in: 0..<3, using: &random) == 0 {
        let targets = (0..<Int.random(in: 1...2, using: &random)).map { _ in
          commands[max(0, number - Int.random(in: 1...30, using: &random))]["commandId"]!.string!
        }
        commands.append([
          "commandId": .string(UndoFixture.command(number).description),
          "undo": [
            "commandIds": .array(Set(targets).sorted().map { .string($0) }),
            "cascade": .bool(Bool.random(using: &random)),
          ],
        ])
      } else {
        commands.append(generator.next())
      }
    }
    return commands
  }
}
