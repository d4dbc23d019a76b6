import JSON
import Scalars

/// An event that a test gives, as it will be in the log.
struct GivenEvent {
  let type: String
  let data: JSONObject
  let occurredAt: Instant
  let commandID: UUID
  /// The command's name, on the first of its events only.
  let command: String?
  let undoes: UUID?
}

/// Reads the events of a test one after the other: what an event leaves out follows from those before it.
struct GivenEventReader {
  private static let members: Set<String> = [
    "type", "data", "occurredAt", "commandId", "command", "undoes",
  ]

  private(set) var events: [GivenEvent] = []
  private var commands: Set<UUID> = []
  /// The undo that took a command back, by the command.
  private var undos: [UUID: UUID] = [:]
  private var clock = Instant("2026-11-01T08:00:00Z")!

  /// What is wrong with an event: the member, and a sentence.
  struct Problem: Error {
    let member: String
    let message: String
  }

  mutating func add(_ json: JSON) throws(Problem) {
    guard let object = json.object else {
      throw Problem(member: "", message: "an event is an object with `type` and `data`")
    }
    for member in object.members where !GivenEventReader.members.contains(member.name) {
      throw Problem(
        member: member.name,
        message: "an event has no such member; it has type, data, occurredAt, commandId, command")
    }
    guard let type = json["type"]?.string, !type.isEmpty else {
      throw Problem(member: "type", message: "must be the name of an event, `TaskCreated`, say")
    }
    guard let data = json["data"]?.object else {
      throw Problem(member: "data", message: "must be an object")
    }
    let occurredAt = try instant(json["occurredAt"])
    let id =
      try uuid(json, "commandId")
      ?? UUID(high: 0x0190_00FF_0000_7000, low: 1 << 63 + UInt64(events.count + 1))
    let isFirst = commands.insert(id).inserted
    let command = json["command"]?.string
    guard isFirst || command == nil else {
      throw Problem(member: "command", message: "is on the first event of a command only")
    }
    let undoes = try uuid(json, "undoes") ?? undone(type, data, by: id)
    events.append(
      GivenEvent(
        type: type, data: data, occurredAt: occurredAt, commandID: id,
        command: isFirst ? command ?? "given" : nil, undoes: undoes))
  }

  /// A minute after the event before it where it is not said.
  private mutating func instant(_ json: JSON?) throws(Problem) -> Instant {
    defer { clock = Instant(microseconds: clock.microseconds + 60_000_000) }
    guard let json else { return clock }
    guard let instant = json.string.flatMap({ Instant($0) }) else {
      throw Problem(member: "occurredAt", message: "must be an RFC 3339 instant")
    }
    clock = instant
    return instant
  }

  private func uuid(_ json: JSON, _ member: String) throws(Problem) -> UUID? {
    guard let value = json[member] else { return nil }
    guard let id = value.string.flatMap({ UUID($0) }) else {
      throw Problem(member: member, message: "must be a UUID")
    }
    return id
  }

  /// An undo names the command that it takes back, a redo the undo.
  private mutating func undone(_ type: String, _ data: JSONObject, by id: UUID) -> UUID? {
    guard let command = data["commandId"]?.string.flatMap({ UUID($0) }) else { return nil }
    switch type {
    case "CommandUndone":
      undos[command] = id
      return command
    case "CommandRedone": return undos[command]
    default: return nil
    }
  }
}
