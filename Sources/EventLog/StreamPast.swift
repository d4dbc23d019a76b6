package import JSON
package import Scalars

/// A part of a stream's past that a decision may ask for: what certain commands did, and what happened since to the
/// things that they touched.
package protocol StreamPast: Sendable {
  /// The past at a version of which all that is asked for will be added, and all that comes after that version.
  init(covering request: PastRequest, through version: Int)

  /// Adds the next event of the stream.
  mutating func add(_ event: PastEvent)
}

/// What a decision needs to know of the past.
package struct PastRequest: Sendable, Equatable {
  /// Commands, with all that happened since the first of them to what they touched.
  package var commands: Set<UUID>
  /// Ids of things more to know about over that time.
  package var entities: Set<UUID>

  package init(commands: Set<UUID> = [], entities: Set<UUID> = []) {
    self.commands = commands
    self.entities = entities
  }

  var isEmpty: Bool { commands.isEmpty && entities.isEmpty }

  /// Asks for more; whether it is more.
  mutating func add(_ other: PastRequest) -> Bool {
    let before = self
    commands.formUnion(other.commands)
    entities.formUnion(other.entities)
    return self != before
  }
}

/// An event of a stream's past.
package struct PastEvent: Sendable {
  package let version: Int
  package let type: String
  /// Nil once erased.
  package let data: JSON?
  package let commandID: UUID
  /// The command's name; of a group that is being decided on the first of its events only.
  package let command: String?
}

/// The past of deciders that never ask for it.
package struct NoPast: StreamPast {
  package init(covering request: PastRequest, through version: Int) {}

  package mutating func add(_ event: PastEvent) {}
}

extension Decider where Past == NoPast {
  package func pastNeeded(_ command: Command, _ state: State, _ past: Past) -> PastRequest? { nil }

  package func decide(
    _ command: Command, _ state: State, _ past: Past, _ context: DecidingContext
  ) throws(Refusal) -> [EventDraft] {
    try decide(command, state, context)
  }
}
