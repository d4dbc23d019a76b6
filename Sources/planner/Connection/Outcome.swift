import JSON

/// What became of one command of a Submit.
struct Outcome: Equatable {
  let commandID: String
  let result: String
  let firstPosition: Int?
  let lastPosition: Int?
  let rule: String?
  let field: String?
  let limit: String?
  let message: String?
  /// Ids of later commands that were built on what should be undone.
  let dependents: [String]

  init(_ json: JSON) {
    commandID = json["commandId"]?.string ?? ""
    result = json["result"]?.string ?? ""
    firstPosition = json["firstPosition"]?.int
    lastPosition = json["lastPosition"]?.int
    rule = json["rule"]?.string
    field = json["field"]?.string
    limit = json["limit"]?.string
    message = json["message"]?.string
    dependents = (json["dependents"]?.array ?? []).compactMap(\.string)
  }

  /// Whether the command is in the log, from now or from before.
  var isWritten: Bool { result == "applied" || result == "duplicate" }

  /// How many events it wrote.
  var events: Int {
    guard let firstPosition, let lastPosition else { return 0 }
    return lastPosition - firstPosition + 1
  }

  /// The exit code of a run whose worst outcome is this one.
  var code: ExitCode {
    switch result {
    case "applied", "duplicate": .ok
    case "conflict", "idReused": .conflict
    case "rejected":
      ["noSuchPillar", "noSuchTheme", "noSuchTask", "noSuchCommand"].contains(rule)
        ? .notFound : .rejected
    case "withheld": .rejected
    default: .fault
    }
  }

  /// Why it was refused, in one sentence.
  var refusal: String {
    let said = message ?? Outcome.meaning(of: result)
    guard let rule, rule != result else { return said }
    return "\(said) [\(rule)]"
  }

  private static func meaning(of result: String) -> String {
    switch result {
    case "conflict": "the planner has another version than expected"
    case "idReused": "the command id was used before, for another command"
    case "withheld": "another command of the batch was refused"
    default: result
    }
  }
}
