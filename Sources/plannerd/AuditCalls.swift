import EventLog
import EventLoop
import JSON
import Scalars
import Varlink

extension PlannerService {
  static let maxEntries = 1_000

  func audit(_ call: Call, _ caller: Caller) async {
    do throws(InvalidInput) {
      guard let query = try auditQuery(call, caller) else { return }
      await answer(call, query)
    } catch {
      invalid(call, error.parameter, error.rule, error.message)
    }
  }

  private func answer(_ call: Call, _ query: AuditQuery) async {
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

  /// The question that the parameters ask; nil where the planner is not the caller's, which is then said.
  private func auditQuery(_ call: Call, _ caller: Caller) throws(InvalidInput) -> AuditQuery? {
    var query = AuditQuery()
    let parameters = ParameterReader(call.parameters)
    if caller.isAdministrator {
      query.planner = try parameters.id("planner")
    } else {
      query.visibleTo = (caller.actor.personID, caller.planner)
      if parameters.text("planner") != nil {
        guard let planner = planner(call, caller) else { return nil }
        query.planner = planner
      }
    }
    query.since = try parameters.instant("since")
    query.until = try parameters.instant("until")
    query.person = try parameters.id("personId")
    query.entity = try parameters.id("entityId")
    query.uid = parameters.int("uid")
    query.command = parameters.text("command")
    query.eventType = parameters.text("eventType")
    query.result = parameters.text("result")
    query.limit = try parameters.int("limit", in: 1...PlannerService.maxEntries) ?? query.limit
    switch parameters.text("order") {
    case nil, "newest": query.oldestFirst = false
    case "oldest": query.oldestFirst = true
    default: throw InvalidInput("order", "unknownOrder", "newest or oldest")
    }
    if let text = parameters.text("cursor") {
      guard let cursor = AuditCursor(text) else {
        throw InvalidInput("cursor", "invalidCursor", "the cursor of an answer")
      }
      query.cursor = cursor
    }
    return query
  }
}

/// A parameter of the right type with a wrong value.
struct InvalidInput: Error {
  let parameter: String
  let rule: String
  let message: String

  init(_ parameter: String, _ rule: String, _ form: String) {
    self.parameter = parameter
    self.rule = rule
    message = "\(parameter) must be \(form)"
  }
}

/// Reads the parameters of a call, whose types have been checked.
struct ParameterReader {
  private let parameters: JSONObject

  init(_ parameters: JSONObject) {
    self.parameters = parameters
  }

  func text(_ name: String) -> String? { parameters[name]?.string }
  func int(_ name: String) -> Int? { parameters[name]?.int }

  func int(_ name: String, in range: ClosedRange<Int>) throws(InvalidInput) -> Int? {
    guard let value = int(name) else { return nil }
    guard range.contains(value) else {
      throw InvalidInput(name, "outOfRange", "\(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func id(_ name: String) throws(InvalidInput) -> UUID? {
    guard let text = text(name) else { return nil }
    guard let id = UUID(text) else { throw InvalidInput(name, "invalidID", "a UUID") }
    return id
  }

  func instant(_ name: String) throws(InvalidInput) -> Instant? {
    guard let text = text(name) else { return nil }
    guard let instant = Instant(text) else {
      throw InvalidInput(name, "invalidInstant", "an RFC 3339 instant")
    }
    return instant
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
    attempt.message = "\(call.method) was refused to this caller"
    access.record(attempt)
  }
}
