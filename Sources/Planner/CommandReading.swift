package import JSON

extension Command {
  private static let members =
    ["commandId", "expectedVersion", "occurredAt"] + CommandKind.allCases.map(\.rawValue)

  /// The `commandId` of a command as it came, valid or not, so that even a refused one can be named.
  package static func identity(of json: JSON) -> String? {
    json["commandId"]?.string
  }

  /// Decodes one element of Submit's `commands`. An absent member and a null one are the same.
  package init(json: JSON) throws(Rejection) {
    let reader = try FieldReader(json, path: nil, fields: Command.members)
    id = try reader.uuid("commandId")
    expectedVersion = try reader.int("expectedVersion")
    occurredAt = try reader.instant("occurredAt")
    let kind = try Command.kind(of: reader)
    let member = try reader.required(kind.rawValue)
    body = try Command.body(kind, member)
    var hashed: JSONObject = [kind.rawValue: member]
    hashed["occurredAt"] = json["occurredAt"]
    hashedBody = .object(hashed)
  }

  private static func kind(of reader: FieldReader) throws(Rejection) -> CommandKind {
    let kinds = reader.given.compactMap { CommandKind(rawValue: $0) }
    guard let kind = kinds.first else {
      throw Rejection(.noBody, "The command has no body; it must have exactly one.")
    }
    guard kinds.count == 1 else {
      let kinds = CommandKind.allCases.filter(kinds.contains)
      let names = kinds.map(\.rawValue).joined(separator: ", ")
      throw Rejection(
        .severalBodies, field: kinds[1].rawValue, limit: "1",
        "The command has the bodies \(names); it must have exactly one.")
    }
    return kind
  }

  private static func body(_ kind: CommandKind, _ json: JSON) throws(Rejection) -> Body {
    switch kind {
    case .createPillar: .createPillar(try .init(json))
    case .changePillar: .changePillar(try .init(json))
    case .removePillar: .removePillar(try .init(json))
    case .createTheme: .createTheme(try .init(json))
    case .changeTheme: .changeTheme(try .init(json))
    case .removeTheme: .removeTheme(try .init(json))
    case .rateTheme: .rateTheme(try .init(json))
    case .createTask: .createTask(try .init(json))
    case .changeTask: .changeTask(try .init(json))
    case .moveTask: .moveTask(try .init(json))
    case .startTask: .startTask(try .init(json, path: kind.rawValue))
    case .completeTask: .completeTask(try .init(json, path: kind.rawValue))
    case .reopenTask: .reopenTask(try .init(json, path: kind.rawValue))
    case .snoozeTask: .snoozeTask(try .init(json))
    case .wakeTask: .wakeTask(try .init(json, path: kind.rawValue))
    case .removeTask: .removeTask(try .init(json, path: kind.rawValue))
    case .changePreferences: .changePreferences(try .init(json))
    case .undo: .undo(try .init(json))
    }
  }
}
