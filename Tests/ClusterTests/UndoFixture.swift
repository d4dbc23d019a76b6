import EventLog
import EventLoop
import JSON
import Planner
import Postgres
import Scalars
import TestSupport

/// A planner's log in a database of its own, without projections, written through group commit.
@EventLoop
final class UndoFixture {
  typealias Outcome = CommandOutcome<PlannerDecider.Refusal>

  let database: TestDatabase
  let tail: LogTail
  let log: GroupCommit<PlannerDecider>
  let reader: LogReader
  let stream = StreamID(category: "planner", id: UUID(high: 2, low: 1))
  private let actor = Actor(personID: UUID(high: 1, low: 1), uid: 1_000, pid: 42)

  init(on other: TestDatabase? = nil) async throws {
    if let other { database = other } else { database = try await TestCluster.database() }
    let session = database.session("plannerd_append")
    tail = LogTail(database.session("plannerd_append"))
    log = GroupCommit(
      PlannerDecider(timezones: ["UTC", "Europe/Berlin"], authority: "test"), session: session,
      tail: tail, schemaVersion: TestCluster.schemaVersion, clock: { PlannerFixture.now })
    reader = LogReader(session)
    try await tail.start()
  }

  nonisolated static func command(_ number: Int) -> UUID { UUID(high: 0xC0DE, low: UInt64(number)) }

  nonisolated func id(_ number: Int) -> JSON {
    .string(UUID(high: 9, low: UInt64(number)).description)
  }

  nonisolated static func command(_ number: Int, _ name: String, _ body: JSON) -> JSON {
    ["commandId": .string(command(number).description), name: body]
  }

  nonisolated static func undo(_ number: Int, _ targets: [Int], cascade: Bool = false) -> JSON {
    let ids = targets.map { JSON.string(command($0).description) }
    return command(number, "undo", ["commandIds": .array(ids), "cascade": .bool(cascade)])
  }

  func batch(_ commands: [JSON], atomic: Bool = false, dryRun: Bool = false)
    -> CommandBatch<PlannerDecider>
  {
    let submitted = commands.map { json in
      SubmittedCommand<PlannerDecider>(json, id: UUID(json["commandId"]!.string!)!)
    }
    return CommandBatch(
      stream: stream, actor: actor, commands: submitted, atomic: atomic, dryRun: dryRun,
      receivedAt: ContinuousClock().now)
  }

  func submit(_ commands: [JSON], atomic: Bool = false, dryRun: Bool = false) async throws
    -> [Outcome]
  {
    try await log.submit(batch(commands, atomic: atomic, dryRun: dryRun)).outcomes
  }

  /// Whether a command was applied.
  func does(_ number: Int, _ name: String, _ body: JSON) async throws -> Bool {
    try await isApplied(UndoFixture.command(number, name, body))
  }

  /// Whether an undo was applied.
  func undoes(_ number: Int, _ targets: [Int], cascade: Bool = false) async throws -> Bool {
    try await isApplied(UndoFixture.undo(number, targets, cascade: cascade))
  }

  private func isApplied(_ command: JSON) async throws -> Bool {
    if case .applied = try await submit([command])[0] { true } else { false }
  }

  /// The rule that refuses an undo, and the dependents that it names.
  func refusal(_ command: JSON) async throws -> (rule: Rule, dependents: [UUID])? {
    guard case .rejected(let rejection) = try await submit([command])[0] else { return nil }
    return (rejection.rule, rejection.dependents)
  }

  /// All events of the planner.
  func events() async throws -> [Event] {
    try await reader.events(of: [stream], after: 0, limit: 1_000_000)
  }

  func problems() async throws -> [String] {
    try await reader.verify(after: 0, chunk: 100_000).problems.map {
      "\($0.position): \($0.problem)"
    }
  }
}

extension UndoFixture {
  /// Empties the planner's events up to a position.
  func erase(upTo position: Int) async throws {
    let connection = try await database.connect("plannerd_erase")
    _ = try await connection.run([
      Statement("SELECT log.erase('planner', $1, $2, $1, 0, 1)")(
        .text(stream.id.description), .int(position))
    ])
  }

  /// The planner's events as lines of JSON, each with its command's name.
  func lines() async throws -> [String] {
    let connection = try await database.connect("plannerd_append")
    let rows = try await connection.run([
      Statement(
        """
        SELECT json_build_object('type', e.type, 'data', e.data, 'commandId', e.command_id, 'command', f.command)
          FROM log.events e JOIN log.events f USING (category, stream_id, command_id)
         WHERE e.category = 'planner' AND e.stream_id = $1 AND f.command_hash IS NOT NULL
         ORDER BY e.version
        """)(.text(stream.id.description))
    ])[0]
    return (0..<rows.count).map { rows.text($0, 0) }
  }
}
