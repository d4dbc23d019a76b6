import JSON
package import Scalars

/// Takes commands back, with what was built on them or not at all.
package struct Undo: Equatable, Sendable {
  /// The commands, each once, in the order given.
  package let commandIDs: [UUID]
  /// Whether later commands that need them are undone too.
  package let cascade: Bool

  /// How many commands one undo may name.
  static let mostCommands = 1_000

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(json, path: "undo", fields: ["commandIds", "cascade"])
    _ = try reader.required("commandIds")
    commandIDs = try Undo.commandIDs(try reader.strings("commandIds")!, reader.field("commandIds"))
    cascade = try reader.bool("cascade") ?? false
  }

  private static func commandIDs(
    _ texts: [String], _ field: String
  ) throws(Rejection) -> [UUID] {
    guard !texts.isEmpty else {
      throw Rejection(.noCommands, field: field, limit: "1", "\(field) must not be empty.")
    }
    guard texts.count <= mostCommands else {
      throw Rejection(
        .tooManyCommands, field: field, limit: String(mostCommands),
        "\(field) has \(texts.count) ids; at most \(mostCommands) are allowed.")
    }
    var ids: [UUID] = []
    var seen: Set<UUID> = []
    for (index, text) in texts.enumerated() {
      let element = "\(field)[\(index)]"
      guard let id = UUID(text) else { throw .malformed(.invalidID, element, "a UUID") }
      guard seen.insert(id).inserted else {
        throw Rejection(.commandTwice, field: element, "\(element) is \(id), which came before.")
      }
      ids.append(id)
    }
    return ids
  }
}
