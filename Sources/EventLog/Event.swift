package import JSON
internal import Postgres
package import Scalars

/// A stream of events: a category (`planner`, `person`, …) and an id.
package struct StreamID: Sendable, Hashable, CustomStringConvertible {
  package let category: String
  package let id: UUID

  package init(category: String, id: UUID) {
    self.category = category
    self.id = id
  }

  package var description: String { "\(category)/\(id)" }
}

/// Who does something: a person, and the process that acts for them, as the kernel says.
package struct Actor: Sendable, Hashable {
  package let personID: UUID
  package let uid: Int
  package let pid: Int

  package init(personID: UUID, uid: Int, pid: Int) {
    self.personID = personID
    self.uid = uid
    self.pid = pid
  }
}

/// An event that has been decided and not yet appended.
package struct EventDraft: Sendable {
  package let stream: StreamID
  package let type: String
  package let data: JSON
  package var undoes: UUID?

  package init(stream: StreamID, type: String, data: JSON) {
    self.stream = stream
    self.type = type
    self.data = data
  }
}

/// An event as the log holds it.
package struct Event: Sendable {
  package let position: Int
  package let stream: StreamID
  package let version: Int
  package let type: String
  /// JSON text; nil once erased.
  package let data: String?
  package let commandID: UUID
  package let actor: Actor
  package let recordedAt: Instant
  package let occurredAt: Instant
  package let undoes: UUID?
  /// Hexadecimal.
  package let hash: String

  /// The columns that `init(_:row:)` reads, in order. Instants come as microseconds since 1970.
  static let columns = """
    position, category, stream_id, version, type, data::text, command_id, person_id, uid, pid,
    (extract(epoch FROM recorded_at) * 1000000)::bigint,
    (extract(epoch FROM occurred_at) * 1000000)::bigint, undoes, encode(hash, 'hex')
    """

  init(_ rows: Rows, row: Int) {
    position = rows.int(row, 0)!
    stream = StreamID(category: rows.text(row, 1), id: UUID(rows.text(row, 2))!)
    version = rows.int(row, 3)!
    type = rows.text(row, 4)
    data = rows[row, 5]
    commandID = UUID(rows.text(row, 6))!
    actor = Actor(
      personID: UUID(rows.text(row, 7))!, uid: rows.int(row, 8)!, pid: rows.int(row, 9)!)
    recordedAt = Instant(microseconds: rows.int(row, 10)!)
    occurredAt = Instant(microseconds: rows.int(row, 11)!)
    undoes = rows[row, 12].flatMap { UUID($0) }
    hash = rows.text(row, 13)
  }
}
