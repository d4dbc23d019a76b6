import EventLog
import EventLoop
import Files
import JSON
import Postgres
import Projections
import Scalars
import TestSupport
import Testing

/// Generations of a projection beside each other: what answers, what waits, and the way back.
@Suite(.clusterTurns) struct GenerationTests {
  @EventLoop private func fixture() async throws -> PlannerFixture {
    let planner = try await PlannerFixture(projections: ["tasks"])
    for number in 1...5 { try await createTask(planner, number) }
    try planner.writeTotals()
    #expect(await planner.engine.reload().added == ["totals"])
    return planner
  }

  @EventLoop private func createTask(_ planner: PlannerFixture, _ number: Int) async throws {
    try await planner.submit([
      "createTask": ["taskId": PlannerFixture.id(number), "title": .string("Task \(number)")]
    ])
  }

  /// A change of apply.sql by which the planner has ten times as many events.
  @EventLoop private func writeTenfold(_ planner: PlannerFixture) throws {
    try planner.write(
      """
      INSERT INTO totals SELECT stream_id, 10 * count(*) FROM batch GROUP BY stream_id
      ON CONFLICT (planner_id) DO UPDATE SET events = totals.events + excluded.events;
      """, "totals/apply.sql")
  }

  /// The states of the projection's builds, oldest first.
  @EventLoop private func states(_ planner: PlannerFixture) async throws -> [String] {
    try await planner.engine.builds("totals").map(\.state).filter { $0 != "retired" }
  }

  @Test @EventLoop
  func `a changed folder takes the place of the live build, which can be gone back to`()
    async throws
  {
    let planner = try await fixture()
    let events = try #require(try await planner.eventCount())
    try writeTenfold(planner)
    #expect(await planner.engine.reload().changed == ["totals"])
    #expect(try await planner.totals() == 10 * events)
    #expect(try await states(planner) == ["previous", "live"])
    try await createTask(planner, 6)
    try await planner.engine.rollback("totals")
    #expect(try await planner.totals() == events + 1)
    #expect(try await states(planner) == ["live", "previous"])
    // The folder is as it was rolled back from: it stays aside, at a reload and for another daemon.
    #expect(await planner.engine.reload().unchanged == ["tasks", "totals"])
    try await createTask(planner, 7)
    #expect(try await planner.totals() == events + 2)
    try await planner.engine.rollback("totals")
    #expect(try await planner.totals() == 10 * (events + 2))
    #expect(try await planner.engine.prune("totals").count == 1)
    #expect(try await states(planner) == ["live"])
    await #expect(throws: ProjectionEngine.JobError.self) {
      try await planner.engine.rollback("totals")
    }
    let verified = try await planner.finish(try await planner.engine.verify("totals"))
    #expect(verified.report?["equal"] == true, "\(verified)")
  }

  @Test @EventLoop
  func `a diff says what would change, and what is held waits for its swap`() async throws {
    let planner = try await fixture()
    let events = try #require(try await planner.eventCount())
    try writeTenfold(planner)
    let told = try await planner.finish(try await planner.engine.diff("totals", hold: false))
    let difference = told.report?["differences"]?[0]
    #expect(told.state == .done, "\(told)")
    #expect(difference?["kind"] == "different")
    #expect(difference?["total"] == 1)
    #expect(difference?["columns"] == ["events"])
    #expect(difference?["before"]?["events"] == .int(events))
    #expect(difference?["after"]?["events"] == .int(10 * events))
    #expect(difference?["key"]?["planner_id"] == .string(planner.planner.description))
    #expect(try await planner.totals() == events)
    #expect(try await states(planner) == ["live"])

    _ = try await planner.finish(try await planner.engine.diff("totals", hold: true))
    #expect(try await states(planner) == ["live", "held"])
    #expect(await planner.engine.reload().unchanged == ["tasks", "totals"])
    try await createTask(planner, 6)
    #expect(try await planner.totals() == events + 1)
    // Once more, of the build that is held.
    let again = try await planner.finish(try await planner.engine.diff("totals", hold: true))
    #expect(again.report?["differences"]?[0]?["after"]?["events"] == .int(10 * (events + 1)))
    try await planner.engine.swap("totals")
    #expect(try await planner.totals() == 10 * (events + 1))
    #expect(try await states(planner) == ["previous", "live"])
  }

  @Test @EventLoop
  func `a folder that is wrong leaves what is live and says where`() async throws {
    let planner = try await fixture()
    let events = try #require(try await planner.eventCount())
    try planner.writeTotals(
      guarding:
        "IF EXISTS (SELECT FROM batch WHERE data->'after'->>'title' = 'Task 3') THEN\nRAISE 'three';\nEND IF;"
    )
    let refusal = try #require(await planner.engine.reload().refused.first)
    #expect(refusal.file == "apply.sql" && refusal.line == 2, "\(refusal)")
    #expect(refusal.message.contains("three") && refusal.message.contains("TaskCreated"))
    #expect(try await planner.totals() == events)
    #expect(try await states(planner) == ["live"])
    let estimate = try await planner.engine.estimate("totals")
    #expect(estimate.events == planner.tail.head && estimate.eventsPerSecond > 0)
    #expect(try await states(planner) == ["live"])
  }

  @Test @EventLoop
  func `what another daemon has swapped or rolled back is served here too`() async throws {
    let planner = try await fixture()
    let events = try #require(try await planner.eventCount())
    let other = planner.otherEngine()
    try await other.start()
    try writeTenfold(planner)
    #expect(await other.reload().changed == ["totals"])
    try await Patience.until("the swap is known here") {
      (try? await planner.totals()) == 10 * events
    }
    try await other.rollback("totals")
    try await Patience.until("the way back is known here") {
      (try? await planner.totals()) == events
    }
    try await createTask(planner, 6)
    #expect(try await planner.totals() == events + 1)
    await other.stop()
  }
}
