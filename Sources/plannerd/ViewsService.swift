import EventLog
import EventLoop
import JSON
import Projections
import Scalars
import Varlink

/// `org.plannerd.views`: a method for each query file.
@EventLoop
final class ViewsService: VarlinkInterface, KeptReplies {
  private(set) var definition: InterfaceDefinition
  /// A what-if's command that cannot be read is refused by its rule.
  let uncheckedTypes: Set<String> = ["Command"]
  unowned let daemon: Daemon
  /// A reply that is kept leaves no record of the read.
  var keepsReplies: Bool { !daemon.options.recordsReads }

  static let name = "org.plannerd.views"

  init(_ daemon: Daemon) throws {
    self.daemon = daemon
    definition = try InterfaceDefinition(daemon.projections.interfaceDefinition)
  }

  /// Takes on the methods that there are now.
  func refresh(on server: VarlinkServer) {
    do {
      definition = try InterfaceDefinition(daemon.projections.interfaceDefinition)
      server.register(self)
    } catch {
      Log.line("the views' interface is not valid: \(error)")
    }
  }

  func write(
    replyTo frame: Span<UInt8>, of peer: Peer, watermark: Int, to out: inout [UInt8]
  ) -> Bool {
    daemon.projections.answers.write(
      answerTo: frame, of: peer.uid, atLeast: watermark, to: &out)
  }

  /// What is kept though calls before it are not answered yet.
  func handleAtOnce(_ call: Call) -> Bool {
    guard let frame = call.frame else { return false }
    var reply: [UInt8] = []
    guard write(replyTo: frame.span, of: call.peer, watermark: call.watermark, to: &reply) else {
      return false
    }
    call.reply(parametersJSON: reply)
    return true
  }

  func handle(_ call: Call) async {
    let caller = daemon.people.caller(call.peer)
    let asksForHistory = ["Why", "Changes"].contains(call.method)
    let view = asksForHistory ? call.parameters["method"]?.string ?? "" : call.method
    guard let scope = scope(call, caller, view) else { return }
    let abandoned = Signal()
    call.onHangUp { abandoned.fire() }
    do throws(ViewError) {
      if asksForHistory {
        let request = HistoryRequest(
          method: view, scope: scope.planner, parameters: call.parameters, now: Clock.now(),
          whatIf: try whatIf(call, caller), abandoned: abandoned)
        let reply = try await history(call.method, request)
        if daemon.options.recordsReads { recordRead(call, caller, scope.planner) }
        return call.reply(reply)
      }
      if call.wantsMore { return try await live(call, caller, scope.planner) }
      let request = ViewRequest(
        method: call.method, scope: scope.planner, parameters: call.parameters, now: Clock.now(),
        whatIf: try whatIf(call, caller), written: call.watermark, abandoned: abandoned,
        question: question(call))
      let reply = try await daemon.projections.answer(request)
      if daemon.options.recordsReads { recordRead(call, caller, scope.planner) }
      call.reply(parametersJSON: reply.json)
    } catch {
      fail(call, error)
    }
  }

  /// Under which the answer is kept: those about now are.
  private func question(_ call: Call) -> AnswerCache.Question? {
    guard let frame = call.frame, !call.isOneway,
      ["asOf", "whatIf"].allSatisfy({ call.parameters[$0]?.isNull != false })
    else { return nil }
    return AnswerCache.Question(bytes: frame, uid: call.peer.uid)
  }

  private func history(_ method: String, _ request: HistoryRequest) async throws(ViewError) -> JSON
  {
    method == "Why"
      ? try await daemon.projections.why(request) : try await daemon.projections.changes(request)
  }

  private func live(_ call: Call, _ caller: Caller, _ planner: UUID?) async throws(ViewError) {
    for name in ["asOf", "whatIf"] where call.parameters[name]?.isNull == false {
      throw .invalid(
        parameter: name, rule: "notWithMore",
        message: "\(name) must not be given with more: a live query is about now")
    }
    if daemon.options.recordsReads { recordRead(call, caller, planner) }
    try await LiveView(call, scope: planner, daemon: daemon).run()
  }

  /// Whose rows are asked for; nil where the call was answered with an error.
  private func scope(_ call: Call, _ caller: Caller, _ view: String) -> (planner: UUID?, Void)? {
    if daemon.projections.isScoped(view) == false {
      // A view over all streams shows what everyone does.
      if caller.isAdministrator { return (nil, ()) }
      daemon.recordDenial(call, caller, planner: nil, error: "NotPermitted")
      call.fail("\(ViewsService.name).NotPermitted", ["method": .string(view)])
      return nil
    }
    guard let text = call.parameters["planner"]?.string else { return (caller.planner, ()) }
    if UUID(text) == caller.planner { return (caller.planner, ()) }
    daemon.recordDenial(call, caller, planner: UUID(text), error: "PlannerNotFound")
    call.fail("\(ViewsService.name).PlannerNotFound", ["planner": .string(text)])
    return nil
  }

  private func recordRead(_ call: Call, _ caller: Caller, _ planner: UUID?) {
    var attempt = daemon.attempt(call, caller, command: call.method, result: "applied")
    attempt.planner = planner
    daemon.access.record(attempt)
  }

  private func fail(_ call: Call, _ error: ViewError) {
    func fail(_ name: String, _ parameters: JSON) {
      call.fail("\(ViewsService.name).\(name)", parameters)
    }
    switch error {
    case .noSuchMethod:
      call.fail("org.varlink.service.MethodNotFound", ["method": .string(call.method)])
    case .invalid(let parameter, let rule, let message):
      fail(
        "InvalidInput",
        ["parameter": .string(parameter), "rule": .string(rule), "message": .string(message)])
    case .notYetVisible(let position): fail("NotYetVisible", ["position": .int(position)])
    case .parked(let projection, let parked):
      fail(
        "Parked",
        [
          "projection": .string(projection),
          "planner": parked.scope.map { .string($0.description) } ?? .null,
          "position": .int(parked.position), "message": .string(parked.message),
        ])
    case .unavailable(let message):
      fail("DatabaseUnavailable", ["message": .string(message), "outcomeUnknown": false])
    case .failed(let message): fail("Fault", ["message": .string(message)])
    }
  }
}
