package import Scalars

/// What a decision depends on besides the command and the state.
package struct DecisionContext: Sendable {
  /// The moment of deciding.
  package let now: Instant
  /// The person whose planner it is.
  package let ownerID: UUID
  /// The names that a preference may have as its timezone.
  package let timezones: Set<String>
  /// What an undo must know of earlier commands.
  package let past: Past

  package init(now: Instant, ownerID: UUID, timezones: Set<String>, past: Past = Past()) {
    self.now = now
    self.ownerID = ownerID
    self.timezones = timezones
    self.past = past
  }
}

/// What a command needs to know of the past before it can be decided; nil where the context has it all.
package func pastNeeded(
  _ command: Command, _ state: PlannerState, _ past: Past
) -> PastNeed? {
  guard case .undo(let undo) = command.body,
    case .needs(let need) = Undoing(undo: undo, state: state, past: past).result()
  else { return nil }
  return need
}

/// The events that a command leads to; at least one. A planner's first command opens it. Of the past the context must
/// have what the command needs.
package func decide(
  _ command: Command, _ state: PlannerState, _ context: DecisionContext
) throws(Rejection) -> [Decision] {
  if let occurredAt = command.occurredAt, occurredAt > context.now {
    throw Rejection(
      .occurredInFuture, field: "occurredAt", limit: context.now.description,
      "occurredAt is \(occurredAt), which is after now, \(context.now).")
  }
  if case .undo(let undo) = command.body { return try decide(undo, state, context.past) }
  let events = try Decider(command, state, context).events(command.body).map { Decision($0) }
  let opening = Decision(.plannerOpened(owner: context.ownerID))
  return state.version == 0 ? [opening] + events : events
}

private func decide(
  _ undo: Undo, _ state: PlannerState, _ past: Past
) throws(Rejection) -> [Decision] {
  switch Undoing(undo: undo, state: state, past: past).result() {
  case .decided(let decisions): return decisions
  case .refused(let rejection): throw rejection
  case .needs(let need): preconditionFailure("the past is not known: \(need)")
  }
}

/// One decision in the making.
struct Decider {
  let state: PlannerState
  let context: DecisionContext
  /// The command's time: when it says that it happened, or now.
  let moment: Instant
  private let commandName: String

  init(_ command: Command, _ state: PlannerState, _ context: DecisionContext) {
    self.state = state
    self.context = context
    moment = command.occurredAt ?? context.now
    commandName = command.name
  }

  func events(_ body: Command.Body) throws(Rejection) -> [PlannerEvent] {
    switch body {
    case .createPillar(let command): try create(command)
    case .changePillar(let command): try change(command)
    case .removePillar(let command): try remove(command)
    case .createTheme(let command): try create(command)
    case .changeTheme(let command): try change(command)
    case .removeTheme(let command): try remove(command)
    case .rateTheme(let command): try rate(command)
    case .createTask(let command): try create(command)
    case .changeTask(let command): try change(command)
    case .moveTask(let command): try move(command)
    case .startTask(let command): try start(command.taskID)
    case .completeTask(let command): try complete(command.taskID)
    case .reopenTask(let command): try reopen(command.taskID)
    case .snoozeTask(let command): try snooze(command)
    case .wakeTask(let command): try wake(command.taskID)
    case .removeTask(let command): try remove(command.taskID)
    case .changePreferences(let command): try change(command)
    case .undo: preconditionFailure("an undo is decided on the past")
    }
  }

  /// The path of a field in the command.
  func field(_ name: String) -> String { "\(commandName).\(name)" }

  func nothingChanged() -> Rejection {
    Rejection(.nothingChanged, field: commandName, "\(commandName) changes nothing.")
  }

  /// The id of a new thing must never have been used.
  func requireUnused(_ id: some EntityID) throws(Rejection) {
    let field = field(type(of: id).member)
    guard !state.usedIDs.contains(id.uuid) else {
      throw Rejection(.idTaken, field: field, "\(field) is \(id), which was used before.")
    }
  }

  func missing(_ rule: Rule, _ kind: String, _ field: String, _ id: some EntityID) -> Rejection {
    Rejection(rule, field: field, "\(field) is \(id), and there is no such \(kind).")
  }
}
