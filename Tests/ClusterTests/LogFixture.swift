import EventLog
import EventLoop
import Postgres
import Scalars
import TestSupport

/// A log in a database of its own, written through group commit with the counter's decider.
@EventLoop
final class LogFixture {
  let database: TestDatabase
  let session: Session
  let tail: LogTail
  let log: GroupCommit<CounterDecider>
  let reader: LogReader
  let stream = StreamID(category: "counter", id: LogFixture.id(1))
  private var ids = 1_000

  /// On a database of the throwaway cluster, unless it is given another.
  init(on other: TestDatabase? = nil) async throws {
    if let other { database = other } else { database = try await TestCluster.database() }
    session = database.session("plannerd_append")
    tail = LogTail(database.session("plannerd_append"))
    log = GroupCommit(
      CounterDecider(), session: session, tail: tail, schemaVersion: TestCluster.schemaVersion,
      clock: { Instant("2026-11-21T12:00:00Z")! })
    reader = LogReader(session)
    try await tail.start()
  }

  /// What another daemon on the same database writes with.
  func secondWriter() -> GroupCommit<CounterDecider> {
    let session = database.session("plannerd_append")
    return GroupCommit(
      CounterDecider(), session: session, tail: LogTail(session),
      schemaVersion: TestCluster.schemaVersion, clock: { Instant("2026-11-21T12:00:00Z")! })
  }

  nonisolated static func id(_ number: Int) -> UUID { UUID(high: 0, low: UInt64(number)) }

  func newID() -> UUID {
    ids += 1
    return LogFixture.id(ids)
  }

  func command(
    _ command: CounterDecider.Command, id: UUID? = nil, expecting version: Int? = nil
  ) -> SubmittedCommand<CounterDecider> {
    SubmittedCommand(
      id: id ?? newID(), name: "add", bodyHash: Hashing.sha256(Array("\(command)".utf8)),
      expectedVersion: version, occurredAt: nil, command: .success(command))
  }

  func batch(
    _ commands: [SubmittedCommand<CounterDecider>], atomic: Bool = false, dryRun: Bool = false,
    stream: StreamID? = nil
  ) -> CommandBatch<CounterDecider> {
    CommandBatch(
      stream: stream ?? self.stream,
      actor: Actor(personID: LogFixture.id(7), uid: 1_000, pid: 42), commands: commands,
      atomic: atomic,
      dryRun: dryRun, receivedAt: ContinuousClock().now)
  }

  /// Submits one batch and tells each outcome in a word, with positions where it has some.
  func submit(
    _ commands: [SubmittedCommand<CounterDecider>], atomic: Bool = false, dryRun: Bool = false
  ) async throws -> [String] {
    try await log.submit(batch(commands, atomic: atomic, dryRun: dryRun)).outcomes.map(
      LogFixture.word)
  }

  static func word(_ outcome: CommandOutcome<CounterDecider.Refusal>) -> String {
    func range(_ placement: Placement) -> String {
      guard let first = placement.first, let last = placement.last else {
        return "v\(placement.version)"
      }
      return "\(first)-\(last) v\(placement.version)"
    }
    return switch outcome {
    case .applied(let placement): "applied \(range(placement))"
    case .duplicate(let placement): "duplicate \(range(placement))"
    case .idReused(let placement): "idReused \(range(placement))"
    case .rejected(let refusal): "rejected \(refusal)"
    case .conflict(let expected, let actual): "conflict \(expected)/\(actual)"
    case .withheld: "withheld"
    case .unstorable: "unstorable"
    }
  }

  func problems() async throws -> [String] {
    try await reader.verify(after: 0, chunk: 100_000).problems.map {
      "\($0.position): \($0.problem)"
    }
  }
}
