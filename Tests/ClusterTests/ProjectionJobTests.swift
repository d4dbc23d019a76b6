import EventLog
import EventLoop
import Files
import JSON
import Postgres
import Projections
import TestSupport
import Testing

/// Builds in the making and jobs, where something else happens at the same time.
@Suite(.clusterTurns) struct ProjectionJobTests {
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
  private static let jobLeases = "SELECT count(*) FROM projection.leases WHERE name LIKE 'job %'"

  @EventLoop private func untilItWaits(_ planner: PlannerFixture) async throws {
    try await Patience.until("apply() waits") {
      (try? await planner.value("SELECT count(*) FROM \(ProjectionJobTests.waiters)")) == "1"
    }
  }

  @Test @EventLoop func `jobs that have ended hold no leases`() async throws {
    let planner = try await fixture()
    #expect(await planner.engine.reload().added == ["totals"])
    #expect(try await planner.finish(try await planner.engine.rebuild("totals")).state == .done)
    #expect(try await planner.finish(try await planner.engine.verify("totals")).state == .done)
    try planner.writeTotals(guarding: "SELEC 1;")
    #expect(await planner.engine.reload().refused.count == 1)
    try planner.writeTotals(guarding: "RAISE 'never';")
    #expect(await planner.engine.reload().refused.count == 1)
    #expect(try await planner.value(Self.jobLeases) == "0")
    // The one that was replaced stays for a moment, for those who are reading it.
    try await Patience.until("what answers is all that is left") {
      let sql = "SELECT count(*) FROM projection.builds WHERE state <> 'live'"
      return (try? await planner.value(sql)) == "0"
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
    try await planner.endProjectorSessions()
    try await Patience.until("the engine is connected again") { planner.engine.trouble == nil }
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
  func `a job that nobody is at ends with the next start`() async throws {
    let planner = try await fixture()
    let id = try await planner.value(
      "INSERT INTO projection.jobs (kind, projection) VALUES ('rebuild', 'tasks') RETURNING job_id")
    let other = planner.otherEngine()
    try await other.start()
    let job = try await other.job(try #require(id.flatMap { Int($0) }))
    #expect(job.state == .failed)
    #expect(job.message == "it was interrupted")
    let rebuilt = try await planner.finish(try await planner.engine.rebuild("tasks"))
    #expect(rebuilt.state == .done, "\(rebuilt.message ?? "")")
    await other.stop()
  }

  @Test @EventLoop
  func `a job of a daemon that lives is left to it, and ends where another asks it to`()
    async throws
  {
    let planner = try await fixture(guarding: Self.waiting)
    #expect(await planner.engine.reload().added == ["totals"])
    let barrier = try await barrier(planner)
    let id = try await planner.engine.rebuild("totals")
    try await untilItWaits(planner)
    let other = planner.otherEngine()
    try await other.start()
    await #expect {
      _ = try await other.rebuild("totals")
    } throws: { error in
      guard case ProjectionEngine.JobError.alreadyRunning(id) = error else { return false }
      return true
    }
    #expect(try await other.job(id).state == .running)
    let cancelling = Task { @EventLoop in try await other.cancel(id).state }
    try await Patience.until("it is to end") {
      let sql = "SELECT options ? 'cancelled' FROM projection.jobs WHERE job_id = \(id)"
      return (try? await planner.value(sql)) == "t"
    }
    barrier.close()
    #expect([.cancelled, .done].contains(try await cancelling.value))
    await other.stop()
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
    let other = planner.otherEngine(folder: folder) { _ in
      Task { @EventLoop in started.fire() }
    }
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
    await other.stop()
  }
}
