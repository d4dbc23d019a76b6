package import JSON
package import Scalars

/// What decides the commands of one category of streams: two pure functions and the state between them.
///
/// Neither may do I/O, read a clock or draw a random number; time and ids come in with the command.
package protocol Decider: Sendable {
  associatedtype Command: Sendable
  associatedtype State: Sendable
  /// The domain's no.
  associatedtype Refusal: Error, Sendable
  /// What some commands have to know of earlier ones.
  associatedtype Past: StreamPast = NoPast

  var initialState: State { get }

  /// The events that a command leads to in a state, or why it is refused. Most go to the command's own
  /// stream; others may follow, each naming its stream.
  func decide(_ command: Command, _ state: State, _ context: DecidingContext) throws(Refusal)
    -> [EventDraft]

  /// The same with the past that the command needs.
  func decide(
    _ command: Command, _ state: State, _ past: Past, _ context: DecidingContext
  ) throws(Refusal) -> [EventDraft]

  /// What a command needs to know of the past beyond what is given; nil where it can be decided.
  func pastNeeded(_ command: Command, _ state: State, _ past: Past) -> PastRequest?

  /// The state after an event of the stream; `data` is nil once erased. Accepts unknown types.
  func evolve(_ state: inout State, type: String, data: JSON?, version: Int)

  /// How states are kept beside the log; nil where they are not.
  var storage: StateStorage<State>? { get }
}

/// How states are kept beside the log, so that a long stream need not be folded from its beginning.
package struct StateStorage<State>: Sendable {
  /// Another one is not read: it says how a state is written, and what events add up to.
  package let format: Int
  package let write: @Sendable (State) -> JSON
  package let read: @Sendable (JSON) -> State?
  /// How much memory a state takes, roughly, in bytes.
  package let weight: @Sendable (State) -> Int

  package init(
    format: Int, write: @escaping @Sendable (State) -> JSON,
    read: @escaping @Sendable (JSON) -> State?, weight: @escaping @Sendable (State) -> Int
  ) {
    self.format = format
    self.write = write
    self.read = read
    self.weight = weight
  }
}

extension Decider {
  package var storage: StateStorage<State>? { nil }
}

/// What a decision may know besides command and state.
package struct DecidingContext: Sendable {
  package let stream: StreamID
  package let actor: Actor
  /// The daemon's clock when the group was started: what `occurred_at` is where the command does not say.
  package let now: Instant

  package init(stream: StreamID, actor: Actor, now: Instant) {
    self.stream = stream
    self.actor = actor
    self.now = now
  }
}
