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
  /// Without positions, but for commands that the log holds already.
  package let outcomes: [CommandOutcome<D.Refusal>]
  /// When the events would be recorded.
  package let now: Instant
}

extension GroupPlan {
  /// What a plan of one batch would do.
  func simulation(of batch: CommandBatch<D>) -> Simulation<D> {
    let events = events.map {
      Simulation<D>.Event(
        draft: $0.draft, version: $0.version, commandID: $0.commandID, command: $0.command?.name,
        occurredAt: $0.occurredAt)
    }
    return Simulation(
      version: versionBefore(of: batch.stream), events: events, outcomes: unplacedOutcomes()[0],
      now: now)
  }
}
