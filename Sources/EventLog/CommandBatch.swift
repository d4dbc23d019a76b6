package import Scalars

/// A command with what the log keeps of it.
package struct SubmittedCommand<D: Decider>: Sendable {
  package let id: UUID
  package let name: String
  /// SHA-256 of the canonical body.
  package let bodyHash: [UInt8]
  package let expectedVersion: Int?
  package let occurredAt: Instant?
  /// The command, or why it could not be read.
  package let command: Result<D.Command, D.Refusal>

  package init(
    id: UUID, name: String, bodyHash: [UInt8], expectedVersion: Int?, occurredAt: Instant?,
    command: Result<D.Command, D.Refusal>
  ) {
    self.id = id
    self.name = name
    self.bodyHash = bodyHash
    self.expectedVersion = expectedVersion
    self.occurredAt = occurredAt
    self.command = command
  }
}

/// The commands of one call, to one stream.
package struct CommandBatch<D: Decider>: Sendable {
  package let stream: StreamID
  package let actor: Actor
  package let commands: [SubmittedCommand<D>]
  /// All or none.
  package let atomic: Bool
  /// Decide only.
  package let dryRun: Bool
  package let receivedAt: ContinuousClock.Instant

  package init(
    stream: StreamID, actor: Actor, commands: [SubmittedCommand<D>], atomic: Bool, dryRun: Bool,
    receivedAt: ContinuousClock.Instant
  ) {
    self.stream = stream
    self.actor = actor
    self.commands = commands
    self.atomic = atomic
    self.dryRun = dryRun
    self.receivedAt = receivedAt
  }
}

/// Where the events of an applied command are.
package struct Placement: Sendable, Equatable {
  /// Positions of its first and last event; nil in a dry run.
  package var first: Int?
  package var last: Int?
  /// The stream's version after it.
  package var version: Int

  package init(first: Int?, last: Int?, version: Int) {
    self.first = first
    self.last = last
    self.version = version
  }
}

/// What became of one command.
package enum CommandOutcome<Refusal: Error & Sendable>: Sendable {
  case applied(Placement)
  /// Applied before, with the same body.
  case duplicate(Placement)
  case rejected(Refusal)
  case conflict(expected: Int, actual: Int)
  /// The id was used before, with another body.
  case idReused(Placement)
  /// Innocent, in an atomic batch that failed.
  case withheld
  /// Postgres refused the data of this command; the others of its group went through.
  case unstorable(String)

  package var isAccepted: Bool {
    switch self {
    case .applied, .duplicate: true
    default: false
    }
  }

  /// Where in the log the command is, if it is there.
  package var placement: Placement? {
    switch self {
    case .applied(let placement), .duplicate(let placement), .idReused(let placement): placement
    default: nil
    }
  }
}

/// Why a call to the log failed as a whole.
package struct LogFault: Error, Sendable, CustomStringConvertible {
  package enum Kind: Sendable {
    case unavailable
    /// Unavailable, and it is not known whether something was written.
    case outcomeUnknown
    /// A newer plannerd has migrated the database.
    case schemaChanged
    /// Postgres refuses the data of some event; nothing was written.
    case unstorable
    case other
  }

  package let kind: Kind
  package let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
