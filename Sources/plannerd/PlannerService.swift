import EventLog
import EventLoop
import JSON
import Planner
import Projections
import Scalars
import Varlink

/// `org.plannerd.planner`: commands, audit and following.
@EventLoop
final class PlannerService: VarlinkInterface {
  let definition: InterfaceDefinition
  /// A command that cannot be read is an outcome, not an error that loses the others.
  let uncheckedTypes: Set<String> = ["Command"]
  unowned let daemon: Daemon

  static let maxCommands = 1_000

  init(_ daemon: Daemon) throws {
    self.daemon = daemon
    definition = try InterfaceDefinition(PlannerInterface.definition)
  }

  func handleAtOnce(_ call: Call) -> Bool {
    guard call.method == "Ping" else { return false }
    call.reply()
    return true
  }

  func handle(_ call: Call) async {
    let caller = daemon.people.caller(call.peer)
    if daemon.options.recordsReads, ["Audit", "Subscribe"].contains(call.method) {
      daemon.access.record(daemon.attempt(call, caller, command: call.method, result: "applied"))
    }
    switch call.method {
    case "Describe": call.reply(describe(caller))
    case "Submit": await submit(call, caller)
    case "Audit": await audit(call, caller)
    case "Subscribe": await subscribe(call, caller)
    default: call.fail("org.varlink.service.MethodNotImplemented", ["method": .string(call.method)])
    }
  }

  /// The planner that a call means: the caller's own, or an answer that it does not exist, whether it does or not.
  func planner(_ call: Call, _ caller: Caller) -> UUID? {
    guard let text = call.parameters["planner"]?.string else { return caller.planner }
    if let id = UUID(text), id == caller.planner { return id }
    daemon.recordDenial(call, caller, planner: UUID(text), error: "PlannerNotFound")
    call.fail("\(PlannerInterface.name).PlannerNotFound", ["planner": .string(text)])
    return nil
  }

  func invalid(_ call: Call, _ parameter: String, _ rule: String, _ message: String) {
    call.fail(
      "\(PlannerInterface.name).InvalidInput",
      ["parameter": .string(parameter), "rule": .string(rule), "message": .string(message)])
  }

  func fault(_ call: Call, _ fault: LogFault) {
    switch fault.kind {
    case .unavailable, .outcomeUnknown:
      call.fail(
        "\(PlannerInterface.name).DatabaseUnavailable",
        [
          "message": .string(fault.description),
          "outcomeUnknown": .bool(fault.kind == .outcomeUnknown),
        ])
    case .schemaChanged, .unstorable, .other:
      call.fail("\(PlannerInterface.name).Fault", ["message": .string(fault.description)])
    }
  }

  private func describe(_ caller: Caller) -> JSON {
    let limits = daemon.server.limits
    return [
      "version": .string(Version.text), "schemaVersion": .int(daemon.database.schemaVersion),
      "personId": .string(caller.actor.personID.description),
      "planner": .string(caller.planner.description),
      "administrator": .bool(caller.isAdministrator),
      "interfaces": [
        "org.varlink.service", .string(PlannerInterface.name), .string(ViewsService.name),
        .string(ControlInterface.name),
      ],
      "limits": [
        "requestBytes": .int(limits.requestBytes), "replyBytes": .int(limits.replyBytes),
        "jsonDepth": .int(JSON.maxDepth), "connections": .int(limits.connections),
        "connectionsPerUid": .int(limits.connectionsPerUid),
        "callsPerConnection": .int(limits.callsPerConnection),
        "commandsPerSubmit": .int(PlannerService.maxCommands),
        "frameSeconds": .int(Int(limits.frameTime.components.seconds)),
        "unreadSeconds": .int(Int(limits.unreadTime.components.seconds)), "waitSeconds": 5,
      ],
    ]
  }

  // MARK: Submit

  private func submit(_ call: Call, _ caller: Caller) async {
    guard let planner = planner(call, caller) else { return }
    let commands = call.parameters["commands"]?.array ?? []
    guard commands.count <= PlannerService.maxCommands else {
      return invalid(
        call, "commands", "tooMany", "at most \(PlannerService.maxCommands) commands in one Submit")
    }
    var submitted: [SubmittedCommand<PlannerDecider>] = []
    var generator = SystemRandomNumberGenerator()
    for json in commands {
      // Without an id that is one it is refused; until then it goes by one that no command in the log has.
      let id = Command.identity(of: json).flatMap { UUID($0) }
      let key = id ?? UUID.version7(at: Clock.now(), using: &generator)
      submitted.append(SubmittedCommand(json, id: key))
    }
    let batch = CommandBatch(
      stream: StreamID(category: PlannerDecider.category, id: planner), actor: caller.actor,
      commands: submitted, atomic: call.parameters["atomic"]?.bool ?? false,
      dryRun: call.parameters["dryRun"]?.bool ?? false, receivedAt: call.startedAt)
    do throws(LogFault) {
      let (position, outcomes) = try await daemon.commands.submit(batch)
      // The connection's own writes are seen by what it asks from now on.
      call.raiseWatermark(to: outcomes.reduce(0) { max($0, $1.placement?.last ?? 0) })
      let answers = zip(outcomes, zip(submitted, commands)).map { outcome, source in
        OutcomeAnswer(outcome, of: source.0, json: source.1, among: commands.count)
      }
      if !batch.dryRun { record(answers, submitted, planner, caller, call) }
      call.reply(["position": .int(position), "outcomes": .array(answers.map(\.json))])
    } catch {
      fault(call, error)
    }
  }

  /// What was applied is in the log; the rest goes to the access record.
  private func record(
    _ answers: [OutcomeAnswer], _ submitted: [SubmittedCommand<PlannerDecider>], _ planner: UUID,
    _ caller: Caller, _ call: Call
  ) {
    for (answer, command) in zip(answers, submitted) where answer.result != "applied" {
      var attempt = daemon.attempt(
        call, caller, command: answer.commandName,
        result: ["duplicate", "conflict"].contains(answer.result) ? answer.result : "rejected")
      attempt.planner = planner
      attempt.commandID = UUID(answer.commandID)
      attempt.entityID = try? command.command.get().entityID
      attempt.error = answer.rule
      attempt.message = answer.message
      daemon.access.record(attempt)
    }
  }
}
