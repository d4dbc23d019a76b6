import EventLog
import EventLoop
import JSON
import Scalars
import Varlink

extension PlannerService {
  static let maxEntries = 1_000

  func audit(_ call: Call, _ caller: Caller) async {
    guard let query = auditQuery(call, caller) else { return }
    do throws(LogFault) {
      let (entries, next) = try await daemon.audit.entries(query)
      var reply = Array("{\"entries\":[".utf8)
      for (index, entry) in entries.enumerated() {
        if index > 0 { reply.append(UInt8(ascii: ",")) }
        reply.append(contentsOf: entry)
      }
      reply.append(UInt8(ascii: "]"))
      if let next { reply.append(contentsOf: ",\"nextCursor\":\"\(next)\"".utf8) }
      reply.append(UInt8(ascii: "}"))
      call.reply(parametersJSON: reply)
    } catch {
      fault(call, error)
    }
  }

  /// The question that the parameters ask; nil where it was answered with an error.
  private func auditQuery(_ call: Call, _ caller: Caller) -> AuditQuery? {
    var query = AuditQuery()
    let parameters = call.parameters
    if !caller.isAdministrator {
      query.visibleTo = (caller.actor.personID, caller.planner)
      if parameters["planner"]?.string != nil {
        guard let planner = planner(call, caller) else { return nil }
        query.planner = planner
      }
    }
    var isValid = true
    func read<Value>(_ name: String, _ rule: String, _ form: String, _ read: (String) -> Value?) -> Value? {
      guard isValid, let text = parameters[name]?.string else { return nil }
      guard let value = read(text) else {
        isValid = false
        invalid(call, name, rule, "\(name) must be \(form)")
        return nil
      }
      return value
    }
    if caller.isAdministrator { query.planner = read("planner", "invalidID", "a UUID") { UUID($0) } }
    query.since = read("since", "invalidInstant", "an RFC 3339 instant") { Instant($0) }
    query.until = read("until", "invalidInstant", "an RFC 3339 instant") { Instant($0) }
    query.person = read("personId", "invalidID", "a UUID") { UUID($0) }
    query.entity = read("entityId", "invalidID", "a UUID") { UUID($0) }
    query.cursor = read("cursor", "invalidCursor", "the cursor of an answer") { AuditCursor($0) }
    query.oldestFirst =
      read("order", "unknownOrder", "newest or oldest") { ["newest": false, "oldest": true][$0] } ?? false
    query.uid = parameters["uid"]?.int
    query.command = parameters["command"]?.string
    query.eventType = parameters["eventType"]?.string
    query.result = parameters["result"]?.string
    if let limit = parameters["limit"]?.int {
      guard isValid else { return nil }
      guard (1...PlannerService.maxEntries).contains(limit) else {
        invalid(call, "limit", "outOfRange", "limit must be 1 to \(PlannerService.maxEntries)")
        return nil
      }
      query.limit = limit
    }
    return isValid ? query : nil
  }
}

extension Daemon {
  /// An attempt by a caller, with the time that it took so far.
  func attempt(_ call: Call, _ caller: Caller, command: String, result: String) -> Attempt {
    Attempt(
      at: Clock.now(), actor: caller.actor, command: command, result: result,
      durationMicroseconds: (ContinuousClock().now - call.startedAt).microseconds)
  }

  func recordDenial(_ call: Call, _ caller: Caller, planner: UUID?, error: String) {
    var attempt = attempt(call, caller, command: call.method, result: "denied")
    attempt.planner = planner
    attempt.error = error
    access.record(attempt)
  }
}
