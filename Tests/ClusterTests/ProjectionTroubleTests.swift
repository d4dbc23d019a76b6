import EventLog
import EventLoop
import Files
import JSON
import Postgres
import Projections
import TestSupport
import Testing

/// Folders that fail, and a log or a folder that is not what it was.
@Suite(.clusterTurns) struct ProjectionTroubleTests {
  @EventLoop
  private func fixture(guarding statement: String = "") async throws -> PlannerFixture {
    let planner = try await PlannerFixture(projections: ["tasks"])
    try planner.writeTotals(guarding: statement)
    #expect(await planner.engine.reload().refused == [])
    return planner
  }

  @EventLoop private func createTask(_ planner: PlannerFixture, _ number: Int) async throws {
    try await planner.submit([
      "createTask": ["taskId": PlannerFixture.id(number), "title": .string("Task \(number)")]
    ])
  }

  @Test @EventLoop
  func `events that come where others were lost are folded`() async throws {
    let planner = try await fixture()
    for number in 1...5 { try await createTask(planner, number) }
    #expect(try await planner.totals() == planner.eventCount())
    _ = try await planner.ask("Tasks")
    let head = planner.tail.head
    let owner = try await planner.database.connect()
    // What a server that lost its last commits looks like: log and checkpoints are shorter.
    let schema = try #require(
      try await planner.value(
        "SELECT schema_name FROM projection.builds WHERE projection = 'totals'"))
    try await owner.runScript(
      """
      ALTER TABLE log.events DISABLE TRIGGER refuse_delete;
      DELETE FROM log.events WHERE position = \(head);
      ALTER TABLE log.events ENABLE ALWAYS TRIGGER refuse_delete;
      UPDATE projection.builds SET position = position - 2;
      UPDATE \(schema).totals SET events = events - 2;
      """)
    owner.close()
    try await planner.endProjectorSessions()
    // The same position as the one that was lost.
    try await createTask(planner, 6)
    let position = try await planner.value("SELECT max(position) FROM log.events")
    #expect(position == String(head))
    try await Patience.until("the views are at the head") {
      planner.engine.health.allSatisfy { $0.position == head }
    }
    #expect(planner.engine.health.allSatisfy { $0.state == "live" })
    #expect(try await planner.totals() == planner.eventCount())
    let titles = try await planner.ask("Tasks")["rows"]?.array?.compactMap { $0["title"]?.string }
    #expect(titles?.contains("Task 6") == true, "\(titles ?? [])")
  }

  @Test @EventLoop func `no checkpoint moves beyond the log`() async throws {
    let planner = try await fixture()
    try await createTask(planner, 1)
    _ = try await planner.totals()
    let head = planner.tail.head
    let connection = try await planner.database.connect("plannerd_project")
    await #expect {
      _ = try await connection.run([
        Query(
          Statement(
            """
            SELECT projection.advance(build_id, \(head), \(head + 1), l.name, l.epoch)
              FROM projection.builds JOIN projection.leases l ON l.name = 'projection ' || projection
             WHERE projection = 'totals'
            """))
      ])
    } throws: { ($0 as? PostgresError)?.sqlState == "PL006" }
    connection.close()
  }

  @Test @EventLoop func `a build that is gone or behind does not go live`() async throws {
    let planner = try await fixture()
    try await createTask(planner, 1)
    _ = try await planner.totals()
    let connection = try await planner.database.connect("plannerd_project")
    let behind = try await connection.run([
      Query(
        Statement(
          """
          INSERT INTO projection.builds (projection, generation, source, schema_name, state)
          VALUES ('totals', 'x', '{}', 'x', 'retired') RETURNING build_id
          """))
    ])[0].int(0, 0)!
    for build in [behind, behind + 1] {
      await #expect {
        _ = try await connection.run([Statement("SELECT projection.go_live($1)")(.int(build))])
      } throws: { ($0 as? PostgresError)?.sqlState == "PL004" }
    }
    connection.close()
  }

  @Test @EventLoop
  func `a view that is parked goes on from the head once its folder is mended`() async throws {
    let planner = try await fixture(
      guarding:
        "IF EXISTS (SELECT FROM batch WHERE data->'after'->>'title' = 'Task 3') THEN RAISE 'three'; END IF;"
    )
    for number in 1...6 { try await createTask(planner, number) }
    try await Patience.until("it is parked") { planner.health("totals")?.state == "parked" }
    #expect(planner.health("totals")?.message?.contains("three") == true)
    #expect(try await planner.ask("Tasks")["rows"]?.array?.count == 6)

    try planner.writeTotals(guarding: "-- mended")
    let report = await planner.engine.reload()
    #expect(report.changed == ["totals"], "\(report)")
    #expect(planner.health("totals")?.state == "live")
    #expect(try await planner.totals() == planner.eventCount())
    try await createTask(planner, 7)
    #expect(try await planner.totals() == planner.eventCount())
  }

  @Test @EventLoop
  func `a folder that names a missing table where no event has been yet stands alone`()
    async throws
  {
    let planner = try await fixture(
      guarding:
        "IF EXISTS (SELECT FROM batch WHERE type = 'TaskRemoved') THEN\nINSERT INTO missing SELECT 1;\nEND IF;"
    )
    try await createTask(planner, 1)
    #expect(try await planner.totals() == planner.eventCount())
    try await planner.submit(["removeTask": ["taskId": PlannerFixture.id(1)]])
    #expect(try await planner.ask("Tasks")["rows"]?.array?.count == 0)
    try await Patience.until("it is parked") { planner.health("totals")?.state == "parked" }
    let message = planner.health("totals")?.message ?? ""
    #expect(message.hasPrefix("totals/apply.sql:2:") && message.contains("missing"), "\(message)")
    try await createTask(planner, 2)
    #expect(try await planner.ask("Tasks")["rows"]?.array?.count == 1)
  }

  @Test @EventLoop
  func `a folder of projections that cannot be listed takes no view with it`() async throws {
    let planner = try await fixture()
    try await createTask(planner, 1)
    let builds = "SELECT string_agg(build_id::text, ' ' ORDER BY build_id) FROM projection.builds"
    let before = try await planner.value(builds)
    try Files.move(planner.folder, to: planner.folder + "-away")
    let report = await planner.engine.reload()
    #expect(report.removed == [])
    #expect(report.refused.first?.file == planner.folder)
    #expect(report.refused.first?.message.contains("No such file or directory") == true)
    #expect(try await planner.totals() == planner.eventCount())
    let other = planner.otherEngine()
    await #expect {
      try await other.start()
    } throws: { "\($0)".contains("the folder of projections cannot be read") }
    try Files.move(planner.folder + "-away", to: planner.folder)
    #expect(await planner.engine.reload().unchanged == ["tasks", "totals"])
    #expect(try await planner.value(builds) == before)
  }

  /// As where the text that the fold puts together would be longer than a gigabyte.
  @Test(arguments: ["54000", "53200"]) @EventLoop
  func `a stretch that is too much for one transaction is folded in parts`(state: String)
    async throws
  {
    let planner = try await PlannerFixture(projections: ["tasks"])
    for number in 1...20 { try await createTask(planner, number) }
    try planner.writeTotals(
      guarding: """
        IF (SELECT count(*) FROM batch) > 3 THEN
        RAISE EXCEPTION 'too much' USING ERRCODE = '\(state)';
        END IF;
        """)
    let report = await planner.engine.reload()
    #expect(report.added == ["totals"], "\(report)")
    #expect(try await planner.totals() == planner.eventCount())
    let verified = try await planner.finish(try await planner.engine.verify("totals"))
    #expect(verified.report?["equal"] == true, "\(verified)")
    // Live, of many commands at once.
    let bodies: [JSON] = (21...40).map {
      ["createTask": ["taskId": PlannerFixture.id($0), "title": .string("Task \($0)")]]
    }
    try await planner.submitAll(bodies)
    #expect(try await planner.totals() == planner.eventCount())
    #expect(planner.health("totals")?.state == "live")
  }
}
