package import EventLog
internal import JSON
internal import Scalars

/// Events that would be written if some commands were submitted, for a view to be asked on.
package struct Hypothesis: Sendable {
  /// The stream that they were decided on, and its version then.
  let stream: StreamID
  let version: Int
  /// The events as a JSON array of the columns of `batch`; their positions count from 1.
  let events: String

  package init<D: Decider>(_ simulation: Simulation<D>, on stream: StreamID, by actor: Actor) {
    self.stream = stream
    version = simulation.version
    let recorded = JSON.string(simulation.now.description)
    let events: [JSON] = simulation.events.enumerated().map { index, event in
      [
        "position": .int(index + 1), "category": .string(event.draft.stream.category),
        "stream_id": .string(event.draft.stream.id.description), "version": .int(event.version),
        "type": .string(event.draft.type), "data": event.draft.data,
        "command_id": .string(event.commandID.description),
        "person_id": .string(actor.personID.description), "uid": .int(actor.uid),
        "pid": .int(actor.pid), "recorded_at": recorded,
        "occurred_at": event.occurredAt.map { .string($0.description) } ?? recorded,
        "undoes": event.draft.undoes.map { .string($0.description) } ?? .null,
        "command": event.command.map { .string($0) } ?? .null,
      ]
    }
    self.events = JSON.array(events).text
  }
}
