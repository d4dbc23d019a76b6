import EventLog
import EventLoop
import Files
import JSON
import Postgres
import Projections
import Scalars
import TestSupport
import Testing

/// Daemons on one database that share the work.
@Suite(.clusterTurns) struct LeaseTests {
  @EventLoop private func createTask(_ planner: PlannerFixture, _ number: Int) async throws {
    try await planner.submit([
      "createTask": ["taskId": PlannerFixture.id(number), "title": .string("Task \(number)")]
    ])
  }

  /// How many projections each daemon folds, the most first.
  @EventLoop private func shares(_ planner: PlannerFixture) async throws -> String? {
    try await planner.value(
      """
      SELECT string_agg(n::text, ' ' ORDER BY n DESC) FROM (
        SELECT count(*) AS n FROM projection.leases WHERE owner IS NOT NULL GROUP BY owner) AS shares
      """)
  }

  @Test @EventLoop
  func `two daemons share the projections, and one takes all when the other leaves`()
    async throws
  {
    let planner = try await PlannerFixture()
    try planner.writeTotals()
    #expect(await planner.engine.reload().added == ["totals"])
    #expect(try await shares(planner) == "4")
    let other = planner.otherEngine()
    try await other.start()
    try await Patience.until("both have half") {
      (try? await shares(planner)) == "2 2"
    }
    // Who does not fold a view shows it all the same.
    for number in 1...5 { try await createTask(planner, number) }
    for engine in [planner.engine, other] {
      for method in ["Totals", "Tasks", "ThemeRatings", "PillarAverages"] {
        let reply = try await engine.answer(
          ViewRequest(
            method: method, scope: planner.planner,
            parameters: ["atLeast": .int(planner.tail.head)], now: PlannerFixture.now))
        let position = try JSON.parse(String(decoding: reply.json, as: UTF8.self))["position"]?.int
        #expect(position == planner.tail.head)
      }
    }
    await other.stop()
    try await Patience.until("one has all") { (try? await shares(planner)) == "4" }
    try await createTask(planner, 6)
    #expect(try await planner.totals() == planner.eventCount())
  }

  @Test @EventLoop
  func `a fold under a lease that has changed hands is refused`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    try await createTask(planner, 1)
    _ = try await planner.ask("Tasks")
    let connection = try await planner.database.connect("plannerd_project")
    let position = planner.tail.head
    let state = "SELECT position || coalesce(failure, '') FROM projection.builds"
    let before = try await planner.value(state)
    for epoch in ["epoch - 1", "epoch + 1"] {
      await #expect {
        _ = try await connection.run([
          Query(
            Statement(
              """
              SELECT projection.advance(build_id, \(position), \(position), name, \(epoch))
                FROM projection.builds, projection.leases
              """))
        ])
      } throws: { ($0 as? PostgresError)?.sqlState == "PL007" }
    }
    #expect(try await planner.value(state) == before)
    connection.close()
  }

  @Test @EventLoop
  func `a silent daemon is expelled by one that has been there long enough, and by no other`()
    async throws
  {
    let planner = try await PlannerFixture(projections: ["tasks"])
    await planner.engine.stop()
    let connection = try await planner.database.connect("plannerd_project")
    let (silent, newcomer) = (LogFixture.id(1), LogFixture.id(2))
    func share(_ daemon: UUID) async throws -> [String] {
      let rows = try await connection.run([
        Statement("SELECT name, epoch FROM projection.share_work($1)")(.text(daemon.description))
      ])[0]
      return (0..<rows.count).map { "\(rows.text($0, 0)) \(rows.text($0, 1))" }
    }
    func age(_ daemon: UUID, arrived: Int, seen: Int) async throws {
      try await connection.runScript(
        """
        UPDATE projection.daemons SET arrived_at = now() - interval '\(arrived) s',
          seen_at = now() - interval '\(seen) s' WHERE daemon_id = '\(daemon)'
        """)
    }
    let first = try await share(silent)
    #expect(first.count == 1)
    // Alone, it needs to say nothing.
    try await age(silent, arrived: 3_600, seen: 3_600)
    #expect(try await share(newcomer) == [])
    // The newcomer has not waited yet, nor will it have however long this takes; and the other one, which has seen it,
    // says so.
    try await age(newcomer, arrived: -60, seen: 0)
    #expect(try await share(newcomer) == [])
    #expect(try await share(silent) == first)
    try await age(silent, arrived: 3_600, seen: 4)
    #expect(try await share(newcomer) == [])
    try await age(newcomer, arrived: 4, seen: 0)
    let taken = try await share(newcomer)
    #expect(taken.count == 1 && taken != first, "\(first) \(taken)")
    // It comes back as a newcomer, and has nothing.
    #expect(try await share(silent) == [])
    connection.close()
  }
}
