import EventLog
import EventLoop
import JSON
import Projections
import Scalars
import Varlink

/// `org.plannerd.control`: for operators.
@EventLoop
final class ControlService: VarlinkInterface {
  let definition: InterfaceDefinition
  private unowned let daemon: Daemon

  init(_ daemon: Daemon) throws {
    self.daemon = daemon
    definition = try InterfaceDefinition(ControlInterface.definition)
  }

  func handle(_ call: Call) async {
    if call.method == "Health" { return await health(call) }
    let caller = daemon.people.caller(call.peer)
    guard caller.isAdministrator else {
      daemon.recordDenial(call, caller, planner: nil, error: "NotPermitted")
      return fail(call, "NotPermitted", ["method": .string(call.method)])
    }
    let isOperation = ["Rebuild", "Verify", "Cancel", "Reload"].contains(call.method)
    do throws(ProjectionEngine.JobError) {
      try await operate(call)
      if isOperation {
        daemon.access.record(daemon.attempt(call, caller, command: call.method, result: "applied"))
      }
    } catch {
      if isOperation {
        var attempt = daemon.attempt(call, caller, command: call.method, result: "rejected")
        (attempt.error, attempt.message) = (error.name, "\(error)")
        daemon.access.record(attempt)
      }
      fail(call, error)
    }
  }

  private func operate(_ call: Call) async throws(ProjectionEngine.JobError) {
    let projections = daemon.projections
    switch call.method {
    case "Rebuild":
      let id = try await projections.rebuild(call.parameters["projection"]?.string ?? "")
      call.reply(["jobId": .int(id)])
    case "Verify":
      let names = call.parameters["projection"]?.string.map { [$0] } ?? projections.projections
      var ids: [JSON] = []
      for name in names { ids.append(.int(try await projections.verify(name))) }
      call.reply(["jobIds": .array(ids)])
    case "Jobs":
      let limit = call.parameters["limit"]?.int ?? 20
      guard (1...1_000).contains(limit) else {
        return fail(
          call, "InvalidInput",
          ["parameter": "limit", "rule": "outOfRange", "message": "limit must be 1 to 1000"])
      }
      let jobs = try await projections.jobs(limit: limit)
      call.reply(["jobs": .array(jobs.map(\.json))])
    case "Watch": try await watch(call, call.parameters["jobId"]?.int ?? 0)
    case "Cancel":
      let job = try await projections.cancel(call.parameters["jobId"]?.int ?? 0)
      call.reply(["job": job.json])
    case "Reload": call.reply(ControlService.json(await projections.reload()))
    case "VerifyLog": await verifyLog(call)
    default:
      call.fail("org.varlink.service.MethodNotImplemented", ["method": .string(call.method)])
    }
  }

  /// The job as it goes on, and last when it has ended; without `more`, as it is.
  private func watch(_ call: Call, _ id: Int) async throws(ProjectionEngine.JobError) {
    while true {
      let job = try await daemon.projections.job(id)
      guard job.state == .running, call.wantsMore else { return call.reply(["job": job.json]) }
      guard await call.send(["job": job.json]) else { return }
      // A rebuild makes many small steps; a person reads a few in a second.
      await EventLoop.sleep(.milliseconds(100))
      await daemon.projections.waitForJob(id, .seconds(1))
    }
  }

  private func verifyLog(_ call: Call) async {
    var position = 0
    var hash = ""
    var problems: [JSON] = []
    while problems.count < 100, !call.isOver {
      do throws(LogFault) {
        let check = try await daemon.reader.verify(after: position, chunk: 5_000)
        problems += check.problems.map {
          ["position": .int($0.position), "problem": .string($0.problem)]
        }
        if check.lastPosition == position { break }
        position = check.lastPosition
        hash = check.lastHash
      } catch {
        return fail(
          call, "DatabaseUnavailable",
          ["message": .string(error.description), "outcomeUnknown": false])
      }
    }
    call.reply([
      "valid": .bool(problems.isEmpty), "position": .int(position), "headHash": .string(hash),
      "problems": .array(problems),
    ])
  }

  private func health(_ call: Call) async {
    var state = "ready"
    var message: String? = daemon.trouble
    var drift = 0.0
    if message == nil {
      do throws(LogFault) {
        drift = try await daemon.reader.headAndDrift(Clock.now()).seconds
      } catch {
        message = error.description
      }
    }
    if message != nil { state = "databaseUnavailable" }
    if message == nil, drift > 1 {
      message = "the log's last time is ahead of this machine's clock"
    }
    if message == nil, daemon.access.dropped > 0 {
      message = "\(daemon.access.dropped) attempts could not be written to the access record"
    }
    call.reply([
      "state": .string(state), "message": message.map { .string($0) } ?? .null,
      "position": .int(daemon.tail.head), "clockBehindLogSeconds": .double(drift),
      "connections": .int(daemon.server.connectionCount),
      "projections": .array(daemon.projections.health.map(\.json)),
    ])
  }

  private func fail(_ call: Call, _ name: String, _ parameters: JSON) {
    call.fail("\(ControlInterface.name).\(name)", parameters)
  }

  private func fail(_ call: Call, _ error: ProjectionEngine.JobError) {
    switch error {
    case .noSuchProjection(let name): fail(call, error.name, ["projection": .string(name)])
    case .noSuchJob(let id), .alreadyRunning(let id): fail(call, error.name, ["jobId": .int(id)])
    case .unavailable(let message):
      fail(call, error.name, ["message": .string(message), "outcomeUnknown": false])
    }
  }

  private static func json(_ report: ProjectionEngine.ReloadReport) -> JSON {
    func names(_ names: [String]) -> JSON { .array(names.map { .string($0) }) }
    let refused: [JSON] = report.refused.map {
      [
        "projection": .string($0.projection), "file": .string($0.file), "line": .int($0.line),
        "message": .string($0.message),
      ]
    }
    return [
      "added": names(report.added), "changed": names(report.changed),
      "removed": names(report.removed), "unchanged": names(report.unchanged),
      "refused": .array(refused),
    ]
  }
}

extension ProjectionEngine.JobError: CustomStringConvertible {
  /// Its name on the wire.
  fileprivate var name: String {
    switch self {
    case .noSuchProjection: "NoSuchProjection"
    case .noSuchJob: "NoSuchJob"
    case .alreadyRunning: "AlreadyRunning"
    case .unavailable: "DatabaseUnavailable"
    }
  }

  public var description: String {
    switch self {
    case .noSuchProjection(let name): "there is no projection \(name)"
    case .noSuchJob(let id): "there is no job \(id)"
    case .alreadyRunning(let id): "job \(id) does that already"
    case .unavailable(let message): message
    }
  }
}

extension JobStatus {
  fileprivate var json: JSON {
    [
      "jobId": .int(id), "kind": .string(kind.rawValue), "projection": .string(projection),
      "state": .string(state.rawValue),
      "progress": [
        "processed": .int(processed), "total": .int(total),
        "eventsPerSecond": .double(eventsPerSecond.rounded()),
      ],
      "startedAt": .string(startedAt), "endedAt": endedAt.map { .string($0) } ?? .null,
      "message": message.map { .string($0) } ?? .null, "report": report ?? .null,
    ]
  }
}

extension ProjectionEngine.Health {
  fileprivate var json: JSON {
    [
      "name": .string(name), "generation": .string(generation), "build": .int(build),
      "state": .string(state), "position": .int(position), "lag": .int(lag),
      "message": message.map { .string($0) } ?? .null,
    ]
  }
}
