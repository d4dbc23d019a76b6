import EventLog
import JSON
import Planner
import Scalars

/// An outcome as it goes over the wire.
struct OutcomeAnswer {
  let commandName: String
  private(set) var result = ""
  private(set) var rule: String?
  private(set) var message: String?
  private(set) var field: String?
  private var limit: String?
  private var dependents: [UUID] = []
  private var placement: Placement?
  /// As it came, a UUID or not; empty where none came.
  let commandID: String

  /// Ids that all outcomes of a reply may name: what fits within its bound.
  private static let mostDependents = 100_000

  /// One of `count` outcomes of a reply.
  init(
    _ outcome: CommandOutcome<Rejection>, of command: SubmittedCommand<PlannerDecider>, json: JSON,
    among count: Int
  ) {
    commandID = Command.identity(of: json) ?? ""
    commandName = command.name.isEmpty ? OutcomeAnswer.name(of: json) : command.name
    switch outcome {
    case .applied(let placement):
      result = "applied"
      self.placement = placement
    case .duplicate(let placement):
      result = "duplicate"
      self.placement = placement
    case .idReused(let placement):
      result = "idReused"
      self.placement = placement
      refuse("idReused", "commandId", "the command id was used before, with another body")
    case .rejected(let rejection):
      result = "rejected"
      limit = rejection.limit
      dependents = Array(rejection.dependents.prefix(OutcomeAnswer.mostDependents / count))
      refuse(rejection.rule.rawValue, rejection.field, rejection.message)
    case .conflict(let expected, let actual):
      result = "conflict"
      placement = Placement(first: nil, last: nil, version: actual)
      limit = String(actual)
      refuse("conflict", "expectedVersion", "the planner is at version \(actual), not \(expected)")
    case .withheld:
      result = "withheld"
      refuse("withheld", nil, "another command of the atomic batch was refused")
    case .unstorable(let message):
      result = "rejected"
      refuse("unstorable", nil, message)
    }
  }

  private mutating func refuse(_ rule: String, _ field: String?, _ message: String) {
    self.rule = rule
    self.field = field
    self.message = message
  }

  var json: JSON {
    func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
    func number(_ value: Int?) -> JSON { value.map { .int($0) } ?? .null }
    return [
      "commandId": .string(commandID), "result": .string(result),
      "firstPosition": number(placement?.first), "lastPosition": number(placement?.last),
      "version": number(placement?.version), "rule": text(rule), "field": text(field),
      "limit": text(limit), "message": text(message),
      "dependents": dependents.isEmpty
        ? .null : .array(dependents.map { .string($0.description) }),
    ]
  }

  /// The body's name of a command that could not be read, if there is a command of that name.
  private static func name(of json: JSON) -> String {
    json.object?.members.first { Command.names.contains($0.name) }?.name ?? "unknown"
  }
}
