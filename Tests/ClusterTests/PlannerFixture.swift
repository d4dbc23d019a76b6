import EventLog
import EventLoop
import Files
import JSON
import Postgres
import Projections
import Scalars
import TestSupport

/// A planner with its projections in a database of its own: the daemon without its socket.
@EventLoop
final class PlannerFixture {
  let database: TestDatabase
  let tail: LogTail
  let log: GroupCommit<PlannerDecider>
  let engine: ProjectionEngine
  let reader: LogReader
  let folder: String
  let person = UUID(high: 1, low: 1)
  let planner = UUID(high: 2, low: 1)
  private var commands = 0

  nonisolated static let now = Instant("2026-11-21T12:00:00Z")!

  /// `projections` are the names of shipped folders that are linked into a folder of the test's own.
  init(
    projections: [String] = ["pillar_averages", "theme_ratings", "tasks"],
    clock: @escaping @Sendable () -> Instant = { PlannerFixture.now }
  ) async throws {
    database = try await TestCluster.database()
    folder = "\(TestCluster.folder)/projections-\(database.name)"
    try Files.makeFolder(folder)
    for name in projections {
      try PlannerFixture.copy(
        "\(TestCluster.checkout)/projections/\(name)", to: "\(folder)/\(name)")
    }
    let session = database.session("plannerd_append")
    tail = LogTail(database.session("plannerd_append"))
    log = PlannerFixture.log(session, tail, clock)
    reader = LogReader(session)
    engine = PlannerFixture.engine(database, folder, tail, clock: clock)
    try await tail.start()
    try await engine.start()
  }

  isolated deinit {
    // Its connections would be there as long as the tests.
    let engine = engine
    Task { @EventLoop in await engine.stop() }
  }

  private static func log(
    _ session: Session, _ tail: LogTail, _ clock: @escaping @Sendable () -> Instant
  ) -> GroupCommit<PlannerDecider> {
    GroupCommit(
      PlannerDecider(timezones: ["UTC", "Europe/Berlin"], authority: "test"), session: session,
      tail: tail, schemaVersion: TestCluster.schemaVersion, clock: clock)
  }

  /// Another daemon's way into the same log.
  func log(following tail: LogTail) -> GroupCommit<PlannerDecider> {
    PlannerFixture.log(
      database.session("plannerd_append"), tail, { PlannerFixture.now })
  }

  /// A daemon's engine on a database.
  static func engine(
    _ database: TestDatabase, _ folder: String, _ tail: LogTail, inPlaceOf predecessor: UUID? = nil,
    proofInterval: Duration? = nil,
    clock: @escaping @Sendable () -> Instant = { PlannerFixture.now },
    log: @escaping @Sendable (String) -> Void = { print($0) }
  ) -> ProjectionEngine {
    var generator = SystemRandomNumberGenerator()
    return ProjectionEngine(
      folder: folder, projector: database.info("plannerd_project"),
      query: database.info("plannerd_query"), tail: tail,
      daemonID: UUID.version7(at: now, using: &generator), predecessor: predecessor,
      proofInterval: proofInterval, keptAnswers: 1 << 20, clock: clock, log: log)
  }

  /// Another daemon's engine, with the same folders unless it is given others.
  func otherEngine(
    folder: String? = nil, inPlaceOf predecessor: UUID? = nil,
    log: @escaping @Sendable (String) -> Void = { print($0) }
  ) -> ProjectionEngine {
    PlannerFixture.engine(
      database, folder ?? self.folder, tail, inPlaceOf: predecessor, log: log)
  }

  static func copy(_ source: String, to target: String) throws {
    try Files.makeFolder(target)
    for name in try Files.list(source) {
      let path = "\(source)/\(name)"
      if Files.isFolder(path) {
        try copy(path, to: "\(target)/\(name)")
      } else {
        try Files.write(try Files.read(path), to: "\(target)/\(name)")
      }
    }
  }

  func write(_ text: String, _ path: String) throws {
    try Files.makeFolder(Files.folder(of: "\(folder)/\(path)"))
    try Files.write(text, to: "\(folder)/\(path)")
  }

  /// Submits commands in the wire's form, each with an id of its own unless it has one.
  @discardableResult
  func submit(_ bodies: JSON...) async throws -> [CommandOutcome<PlannerDecider.Refusal>] {
    try await submitAll(bodies)
  }

  @discardableResult
  func submitAll(_ bodies: [JSON]) async throws -> [CommandOutcome<PlannerDecider.Refusal>] {
    try await log.submit(batch(bodies)).outcomes
  }

  /// What decides commands without writing them.
  func whatIf(_ bodies: [JSON]) -> ViewRequest.WhatIf {
    let batch = batch(bodies)
    return { [log] () async throws(ViewError) in
      do throws(LogFault) {
        return Hypothesis(try await log.simulate(batch), on: batch.stream, by: batch.actor)
      } catch {
        throw .failed(error.description)
      }
    }
  }

  func batch(_ bodies: [JSON]) -> CommandBatch<PlannerDecider> {
    let submitted = bodies.map { body in
      commands += 1
      let id =
        body["commandId"]?.string.flatMap { UUID($0) } ?? UUID(high: 3, low: UInt64(commands))
      var object = body.object ?? [:]
      object["commandId"] = .string(id.description)
      return SubmittedCommand<PlannerDecider>(.object(object), id: id)
    }
    return CommandBatch(
      stream: StreamID(category: "planner", id: planner),
      actor: Actor(personID: person, uid: 1_000, pid: 42), commands: submitted, atomic: false,
      dryRun: false, receivedAt: ContinuousClock().now)
  }

  /// The answer of a view that has seen all that was submitted.
  func ask(
    _ method: String, _ parameters: JSON = [:], of planner: UUID? = nil,
    now: Instant = PlannerFixture.now, whatIf: ViewRequest.WhatIf? = nil
  ) async throws -> JSON {
    var object = parameters.object ?? [:]
    object["atLeast"] = .int(tail.head)
    let answer = try await engine.answer(
      ViewRequest(
        method: method, scope: planner ?? self.planner, parameters: object, now: now,
        whatIf: whatIf))
    return try JSON.parse(String(decoding: answer.json, as: UTF8.self))
  }

  /// Waits for the end of a job.
  func finish(_ id: Int) async throws -> JobStatus {
    while true {
      let status = try await engine.job(id)
      if status.state != .running { return status }
      await engine.waitForJob(id, .seconds(1))
    }
  }

  nonisolated static func id(_ number: Int) -> JSON {
    .string(UUID(high: 9, low: UInt64(number)).description)
  }
}
