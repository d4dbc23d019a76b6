import EventLog
import EventLoop
import Files
import JSON
import Postgres
import Projections
import TestSupport
import Testing

/// Builds in the making and jobs, where something else happens at the same time.
@Suite struct ProjectionJobTests {
  /// An apply.sql that starts with it waits while a test holds the lock.
  private static let waiting =
    "IF EXISTS (SELECT FROM batch) THEN PERFORM pg_advisory_xact_lock(4711); END IF;"

  @EventLoop
  private func fixture(guarding statement: String = "") async throws -> PlannerFixture {
    let planner = try await PlannerFixture(projections: ["tasks"])
    try await createTask(planner, 1)
    try planner.writeTotals(guarding: statement)
    return planner
  }

  @EventLoop private func createTask(_ planner: PlannerFixture, _ number: Int) async throws {
    try await planner.submit([
      "createTask": ["taskId": PlannerFixture.id(number), "title": .string("Task \(number)")]
    ])
  }

  /// Holds the lock that `waiting` waits for, until the connection is closed.
  @EventLoop private func barrier(_ planner: PlannerFixture) async throws -> Connection {
    let connection = try await planner.database.connect()
    _ = try await connection.run([Query(Statement("SELECT pg_advisory_lock(4711)"))])
    return connection
  }

  /// Locks of the test's own database.
  private static let locks =
    "pg_locks AS l JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()"
  private static let waiters = "\(locks) WHERE l.objid = 4711 AND NOT l.granted"
  private static let workLocks =
    "SELECT count(*) FROM \(locks) WHERE l.granted AND l.classid IN (1886151014, 1886151015)"

  @EventLoop private func untilItWaits(_ planner: PlannerFixture) async throws {
    try await Patience.until("apply() waits") {
      (try? await planner.value("SELECT count(*) FROM \(ProjectionJobTests.waiters)")) == "1"
    }
  }

  @Test @EventLoop func `builds and jobs that have ended hold no locks`() async throws {
    let planner = try await fixture()
    #expect(await planner.engine.reload().added == ["totals"])
    #expect(try await planner.finish(try await planner.engine.rebuild("totals")).state == .done)
    #expect(try await planner.finish(try await planner.engine.verify("totals")).state == .done)
    try planner.writeTotals(guarding: "SELEC 1;")
    #expect(await planner.engine.reload().refused.count == 1)
    try planner.writeTotals(guarding: "RAISE 'never';")
    #expect(await planner.engine.reload().refused.count == 1)
    try await Patience.until("no lock is held") {
      (try? await planner.value(ProjectionJobTests.workLocks)) == "0"
    }
  }

  @Test @EventLoop
  func `a build whose row is deleted while it is made ends the reload`() async throws {
    let planner = try await fixture(
      guarding: "IF EXISTS (SELECT FROM batch) THEN RAISE 'again' USING ERRCODE = 'PL004'; END IF;")
    let reload = Task { @EventLoop in await planner.engine.reload() }
    try await Patience.until("its row is deleted") {
      let sql = "DELETE FROM projection.builds WHERE projection = 'totals' RETURNING build_id"
      return (try? await planner.value(sql)) != nil
    }
    let refusal = try #require(await reload.value.refused.first)
    #expect(refusal.message.contains("is gone"), "\(refusal)")
    try planner.writeTotals()
    #expect(await planner.engine.reload().added == ["totals"])
  }

  @Test @EventLoop
  func `a build in the making outlives a lost connection and another daemon's start`()
    async throws
  {
    let planner = try await fixture(guarding: Self.waiting)
    let barrier = try await barrier(planner)
    let reload = Task { @EventLoop in await planner.engine.reload() }
    try await untilItWaits(planner)
    // Gets the lock of the lost connection, as that of a server that has not noticed would keep it.
    let rival = try await planner.database.connect()
    let taking = Task { @EventLoop in
      try await rival.run([
        Query(
          Statement(
            "SELECT pg_advisory_lock(1886151014, build_id::integer) FROM projection.builds WHERE state = 'building'"
          ))
      ]).count
    }
    try await Patience.until("the rival waits") {
      let sql = "SELECT count(*) FROM \(Self.locks) WHERE l.classid = 1886151014 AND NOT l.granted"
      return (try? await planner.value(sql)) == "1"
    }
    try await planner.endProjectorSessions()
    #expect(try await taking.value == 1)
    try await Patience.until("the engine is connected again") { planner.engine.trouble == nil }
    rival.close()
    try await Patience.until("the lock is taken again") {
      (try? await planner.value(ProjectionJobTests.workLocks)) == "1"
    }
    let other = try await planner.database.connect("plannerd_project")
    try await other.runScript("SELECT projection.drop_abandoned()")
    other.close()
    barrier.close()
    #expect(await reload.value.added == ["totals"])
    #expect(try await planner.totals() == planner.eventCount())
  }

  @Test @EventLoop
  func `a rebuild does not take back a reload that came meanwhile`() async throws {
    let planner = try await fixture(guarding: Self.waiting)
    #expect(await planner.engine.reload().added == ["totals"])
    let barrier = try await barrier(planner)
    let job = try await planner.engine.rebuild("totals")
    try await untilItWaits(planner)
    try planner.writeTotalsQuery("events, events * 2 AS doubled")
    #expect(await planner.engine.reload().changed == ["totals"])
    barrier.close()
    let ended = try await planner.finish(job)
    #expect(ended.state == .failed)
    #expect(ended.message?.contains("changed meanwhile") == true, "\(ended)")
    #expect(planner.engine.interfaceDefinition.contains("doubled"))
    #expect(await planner.engine.reload().unchanged == ["tasks", "totals"])
    #expect(try await planner.finish(try await planner.engine.rebuild("totals")).state == .done)
    #expect(try await planner.ask("Totals")["rows"]?[0]?["doubled"] != nil)
  }

  @Test @EventLoop
  func `a job of a daemon that has ended is in nobody's way`() async throws {
    let planner = try await fixture()
    func insert(_ kind: String) async throws -> Int {
      let id = try await planner.value(
        "INSERT INTO projection.jobs (kind, projection) VALUES ('\(kind)', 'tasks') RETURNING job_id"
      )
      return try #require(id.flatMap { Int($0) })
    }
    let rebuild = try await insert("rebuild")
    #expect(try await planner.finish(try await planner.engine.rebuild("tasks")).state == .done)
    #expect(try await planner.engine.job(rebuild).state == .failed)
    #expect(try await planner.engine.job(rebuild).message?.contains("has ended") == true)
    let verify = try await insert("verify")
    #expect(try await planner.engine.cancel(verify).state == .failed)
  }

  @Test @EventLoop
  func `a job of a daemon that lives is left to it`() async throws {
    let planner = try await fixture()
    let other = try await planner.database.connect()
    let id = try await other.run([
      Query(
        Statement(
          """
          WITH job AS (INSERT INTO projection.jobs (kind, projection) VALUES ('rebuild', 'tasks') RETURNING job_id)
          SELECT job_id FROM job, pg_advisory_lock(1886151015, job_id::integer)
          """))
    ])[0].int(0, 0)!
    await #expect {
      _ = try await planner.engine.rebuild("tasks")
    } throws: { error in
      guard case ProjectionEngine.JobError.alreadyRunning(id) = error else { return false }
      return true
    }
    #expect(try await planner.engine.cancel(id).state == .running)
    other.close()
  }

  @Test @EventLoop
  func `a projection that is being removed is not served again`() async throws {
    let planner = try await fixture(guarding: Self.waiting)
    #expect(await planner.engine.reload().added == ["totals"])
    let barrier = try await barrier(planner)
    try await createTask(planner, 2)
    try await untilItWaits(planner)
    try Files.move("\(planner.folder)/totals", to: "\(planner.folder)-totals")
    let reload = Task { @EventLoop in await planner.engine.reload() }
    // The fold that the removal waits for loses its connection: the engine looks at what is live.
    _ = try await planner.value(
      "SELECT count(pg_terminate_backend(l.pid, 5000)) FROM \(Self.waiters)")
    barrier.close()
    #expect(await reload.value.removed == ["totals"])
    #expect(!planner.engine.interfaceDefinition.contains("method Totals("))
    #expect(planner.engine.projections == ["tasks"])
    #expect(try await planner.ask("Tasks")["rows"]?.array?.count == 2)
  }

  @Test @EventLoop
  func `a daemon with fewer folders leaves the views of another`() async throws {
    let planner = try await fixture()
    #expect(await planner.engine.reload().added == ["totals"])
    let folder = planner.folder + "-fewer"
    try Files.makeFolder("\(folder)/bad")
    let started = Signal()
    let other = ProjectionEngine(
      folder: folder, projector: planner.database.info("plannerd_project"),
      query: planner.database.info("plannerd_query"), tail: planner.tail,
      log: { _ in Task { @EventLoop in started.fire() } })
    try await other.start()
    // The bad folder is refused when all have been looked at.
    await started.wait()
    try await createTask(planner, 2)
    #expect(try await planner.totals() == planner.eventCount())
    #expect(other.projections == ["tasks", "totals"])

    // An operator's word is another thing: what it removes is built again where its folder is.
    #expect(await other.reload().removed == ["tasks", "totals"])
    let report = await planner.engine.reload()
    #expect(report.added == ["tasks", "totals"], "\(report)")
    #expect(try await planner.totals() == planner.eventCount())
    other.stop()
  }
}
