package import EventLoop
package import Postgres
package import Scalars

/// What a batch would lead to if it were submitted now: events that nobody writes.
package struct Simulation<D: Decider>: Sendable {
  /// An event that would be appended.
  package struct Event: Sendable {
    package let draft: EventDraft
    package let version: Int
    package let commandID: UUID
    /// The command's name, on the first of its events only.
    package let command: String?
    /// Nil: when it would be recorded.
    package let occurredAt: Instant?
  }

  /// The stream's version that it was decided on.
  package let version: Int
  package let events: [Event]
  package let outcomes: [CommandOutcome<D.Refusal>]
  /// When the events would be recorded.
  package let now: Instant
}

/// Decides batches on the log as it is and writes nothing.
@EventLoop
package final class Simulator<D: Decider> {
  private let decider: D
  private let reader: LogReader
  private let tail: LogTail
  private let clock: @Sendable () -> Instant

  package init(
    _ decider: D, session: Session, tail: LogTail, clock: @escaping @Sendable () -> Instant
  ) {
    self.decider = decider
    reader = LogReader(session)
    self.tail = tail
    self.clock = clock
  }

  package func simulate(_ batch: CommandBatch<D>) async throws(LogFault) -> Simulation<D> {
    var state = decider.initialState
    let version = try await reader.fold(batch.stream, into: &state, by: decider)
    let keys = batch.commands.map { CommandKey(stream: batch.stream, id: $0.id) }
    let found = try await reader.find(keys).found
    let now = max(clock(), tail.lastRecordedAt)
    var versions = [batch.stream: version]
    while true {
      var plan = GroupPlan(
        decider, now: now, states: [batch.stream: state], versions: versions, found: found)
      plan.decide(batch)
      if !plan.unknownStreams.isEmpty {
        versions.merge(try await reader.versions(of: Array(plan.unknownStreams))) { own, _ in own }
        continue
      }
      let events = plan.events.map {
        Simulation<D>.Event(
          draft: $0.draft, version: $0.version, commandID: $0.commandID, command: $0.command?.name,
          occurredAt: $0.occurredAt)
      }
      return Simulation(
        version: version, events: events, outcomes: plan.outcomes(startingAt: 0)[0], now: now)
    }
  }
}
