import JSON

/// An error reply of the daemon, as an exit code and a sentence.
enum ErrorReply {
  static func failure(_ name: String, _ parameters: JSON) -> Failure {
    Failure(
      code(name, parameters), sentence(name, parameters),
      reply: ["error": .string(name), "parameters": parameters])
  }

  /// The last word of an error's name.
  static func shortName(_ name: String) -> String {
    String(name.split(separator: ".").last ?? "")
  }

  private static func code(_ name: String, _ parameters: JSON) -> ExitCode {
    switch shortName(name) {
    case "InvalidInput" where rehearsal(parameters) != nil:
      ["noSuchPillar", "noSuchTheme", "noSuchTask", "noSuchCommand"]
        .contains(parameters["rule"]?.string ?? "") ? .notFound : .rejected
    case "PlannerNotFound", "NoSuchProjection", "NoSuchJob", "NoSuchBuild": .notFound
    case "Refused": .rejected
    case "InvalidInput", "InvalidParameter", "ExpectedMore": .usage
    case "NotPermitted", "PermissionDenied": .notPermitted
    case "AlreadyRunning": .conflict
    case "DatabaseUnavailable":
      parameters["outcomeUnknown"]?.bool == true ? .outcomeUnknown : .databaseUnavailable
    default: .fault
    }
  }

  private static func sentence(_ name: String, _ parameters: JSON) -> String {
    let message = parameters["message"]?.string
    switch shortName(name) {
    case "PlannerNotFound":
      return "no planner \(parameters["planner"]?.string ?? "of that id") that you may see"
    case "NoSuchProjection":
      return "no projection “\(parameters["projection"]?.string ?? "")”; planner status lists them"
    case "NoSuchJob": return "no job \(parameters["jobId"]?.int ?? 0); planner jobs lists them"
    case "NoSuchBuild":
      return "\(parameters["projection"]?.string ?? "") has no build that is "
        + "\(parameters["state"]?.string ?? "there"); planner projection list shows those it has"
    case "Refused":
      let refusal = parameters["refusal"] ?? .null
      return "\(refusal["projection"]?.string ?? "")/\(refusal["file"]?.string ?? ""):"
        + "\(refusal["line"]?.int ?? 0): \(refusal["message"]?.string ?? "")"
    case "Parked":
      return "\(parameters["projection"]?.string ?? "") stands still for this planner since event "
        + "\(parameters["position"]?.int ?? 0): \(message ?? ""); see planner projection failures"
    case "AlreadyRunning":
      let job = parameters["jobId"]?.int ?? 0
      return "that is already running as job \(job): planner watch \(job)"
    case "NotPermitted":
      return
        "only root and the daemon's own user may call \(parameters["method"]?.string ?? "that")"
    case "DatabaseUnavailable":
      return "the daemon has no database: \(message ?? "it is unavailable")"
    case "InvalidParameter":
      return "the daemon does not take the parameter “\(parameters["parameter"]?.string ?? "")”"
    case "ExpectedMore": return "that method answers with a stream: give --more"
    case "NotYetVisible":
      return "the position asked for was not visible in time; the view is at "
        + "\(parameters["position"]?.int ?? 0)"
    case "InvalidInput":
      if let command = rehearsal(parameters) {
        let rule = parameters["rule"]?.string ?? ""
        return "command \(command + 1) would be refused: \(message ?? rule) [\(rule)]"
      }
      if let sentence = momentSentence(parameters) { return sentence }
      return "\(parameters["parameter"]?.string ?? "a parameter"): \(message ?? "invalid")"
    case "MethodNotFound":
      return "this daemon has no method \(parameters["method"]?.string ?? "of that name")"
    case "InterfaceNotFound":
      return "this daemon has no interface \(parameters["interface"]?.string ?? "of that name")"
    case "ReplyTooLarge":
      return "the answer would have \(parameters["bytes"]?.int ?? 0) bytes; narrow the question"
    default:
      return message ?? "\(name) \(parameters == [:] ? "" : parameters.text)"
    }
  }

  /// Which command of a what-if was refused, counted from 0; nil where it is about something else.
  private static func rehearsal(_ parameters: JSON) -> Int? {
    guard let parameter = parameters["parameter"]?.string, parameter.hasPrefix("whatIf[") else {
      return nil
    }
    return Int(parameter.dropFirst(7).prefix { $0 != "]" })
  }

  /// What is wrong with a moment that was asked about; nil where it is about something else.
  private static func momentSentence(_ parameters: JSON) -> String? {
    let parts = (parameters["parameter"]?.string ?? "").split(separator: ".").map(String.init)
    let options = ["asOf": "--at", "since": "--since", "until": "--until"]
    guard let first = parts.first, let option = options[first] else { return nil }
    switch parameters["rule"]?.string {
    case "inTheFuture": return "\(option): that moment has not come yet"
    case "outOfRange" where parts.last == "position":
      let range = (parameters["message"]?.string ?? "").split(separator: " ").drop { $0 != "be" }
      return "\(option): a position is \(range.dropFirst().joined(separator: " "))"
    case "beforeSince": return "--until is before --since"
    default: return nil
    }
  }
}
