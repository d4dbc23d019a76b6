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
    let isOperation = ControlService.operations.contains(call.method)
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

  /// What is on record as having been done.
  private static let operations: Set<String> = [
    "Rebuild", "Verify", "Diff", "Swap", "Rollback", "Prune", "Retry", "Cancel", "Reload",
  ]

  private func operate(_ call: Call) async throws(ProjectionEngine.JobError) {
    let projections = daemon.projections
    let projection = call.parameters["projection"]?.string
    switch call.method {
    case "Rebuild": try await rebuild(call, projection ?? "")
    case "Verify": try await verify(call, projection)
    case "Diff":
      let holds = call.parameters["hold"]?.bool ?? false
      let id = try await projections.diff(projection ?? "", hold: holds)
      call.reply(["jobId": .int(id)])
    case "Swap":
      try await projections.swap(projection ?? "")
      call.reply()
    case "Rollback":
      try await projections.rollback(projection ?? "")
      call.reply()
    case "Prune":
      let pruned = try await projections.prune(projection)
      call.reply(["builds": .array(pruned.map { .int($0) })])
    case "Builds":
      call.reply(["builds": .array(try await projections.builds(projection).map(\.json))])
    case "Failures":
      call.reply(["failures": .array(try await projections.failures(projection).map(\.json))])
    case "Retry":
      guard let planner = planner(call) else { return }
      let left = try await projections.retry(projection ?? "", scope: planner.id)
      call.reply(["failures": .array(left.map(\.json))])
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

  private func rebuild(_ call: Call, _ name: String) async throws(ProjectionEngine.JobError) {
    guard call.parameters["dryRun"]?.bool == true else {
      return call.reply(["jobId": .int(try await daemon.projections.rebuild(name))])
    }
    let estimate = try await daemon.projections.estimate(name)
    call.reply([
      "estimate": [
        "events": .int(estimate.events),
        "eventsPerSecond": .double(estimate.eventsPerSecond.rounded()),
        "seconds": .double(estimate.seconds),
      ]
    ])
  }

  private func verify(_ call: Call, _ name: String?) async throws(ProjectionEngine.JobError) {
    guard let planner = planner(call) else { return }
    var ids: [JSON] = []
    for name in name.map({ [$0] }) ?? daemon.projections.projections {
      let id = try await daemon.projections.verify(
        name, scope: planner.id, repair: call.parameters["repair"]?.bool ?? false)
      ids.append(.int(id))
    }
    call.reply(["jobIds": .array(ids)])
  }

  /// The planner that is named, if one is; nil where that is no id, and the call was answered.
  private func planner(_ call: Call) -> (id: UUID?, Void)? {
    guard let text = call.parameters["planner"]?.string else { return (nil, ()) }
    if let id = UUID(text) { return (id, ()) }
    fail(
      call, "InvalidInput",
      ["parameter": "planner", "rule": "invalidID", "message": "planner must be a UUID"])
    return nil
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
    case .noSuchBuild(let name, let state):
      fail(call, error.name, ["projection": .string(name), "state": .string(state)])
    case .refused(let refusal): fail(call, error.name, ["refusal": refusal.json])
    case .noSuchJob(let id), .alreadyRunning(let id): fail(call, error.name, ["jobId": .int(id)])
    case .unavailable(let message):
      fail(call, error.name, ["message": .string(message), "outcomeUnknown": false])
    }
  }

  private static func json(_ report: ProjectionEngine.ReloadReport) -> JSON {
    func names(_ names: [String]) -> JSON { .array(names.map { .string($0) }) }
    return [
      "added": names(report.added), "changed": names(report.changed),
      "removed": names(report.removed), "unchanged": names(report.unchanged),
      "refused": .array(report.refused.map(\.json)),
    ]
  }
}

extension ProjectionEngine.JobError: CustomStringConvertible {
  /// Its name on the wire.
  fileprivate var name: String {
    switch self {
    case .noSuchProjection: "NoSuchProjection"
    case .noSuchBuild: "NoSuchBuild"
    case .refused: "Refused"
    case .noSuchJob: "NoSuchJob"
    case .alreadyRunning: "AlreadyRunning"
    case .unavailable: "DatabaseUnavailable"
    }
  }

  public var description: String {
    switch self {
    case .noSuchProjection(let name): "there is no projection \(name)"
    case .noSuchBuild(let name, let state): "projection \(name) has no build that is \(state)"
    case .refused(let refusal): refusal.description
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
        "secondsLeft": secondsLeft.map { .double($0.rounded()) } ?? .null,
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
      "message": message.map { .string($0) } ?? .null, "parked": .int(parked),
      "provedAt": proof.map { .string($0.provedAt) } ?? .null,
      "provedPosition": proof.map { .int($0.position) } ?? .null,
      "proofProblem": proof?.problem.map { .string($0) } ?? .null,
    ]
  }
}

extension ProjectionRefusal {
  fileprivate var json: JSON {
    [
      "projection": .string(projection), "file": .string(file), "line": .int(line),
      "message": .string(message),
    ]
  }
}

extension Build {
  fileprivate var json: JSON {
    [
      "build": .int(id), "projection": .string(projection),
      "generation": .string(String(generation.prefix(12))), "state": .string(state),
      "position": .int(position), "parked": .int(parked.count),
    ]
  }
}

extension ProjectionEngine.Failure {
  fileprivate var json: JSON {
    [
      "projection": .string(projection),
      "planner": parked.scope.map { .string($0.description) } ?? .null,
      "position": .int(parked.position), "eventType": .string(parked.eventType),
      "message": .string(parked.message), "parkedAt": .string(parked.parkedAt),
    ]
  }
}
