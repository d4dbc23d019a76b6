import EventLog
import EventLoop
import JSON
import Postgres
import Projections
import Scalars
import TestSupport
import Testing

/// Faults that are planted into views, and what verify makes of them.
@Suite(.clusterTurns) struct ProofTests {
  @EventLoop private func fixture() async throws -> PlannerFixture {
    let planner = try await PlannerFixture(projections: ["tasks", "theme_ratings"])
    for number in 1...8 {
      try await planner.submit([
        "createTask": ["taskId": PlannerFixture.id(number), "title": .string("Task \(number)")]
      ])
    }
    try await planner.submit(
      ["startTask": ["taskId": PlannerFixture.id(3)]],
      ["completeTask": ["taskId": PlannerFixture.id(3)]])
    _ = try await planner.ask("Tasks")
    return planner
  }

  @EventLoop private func plant(_ planner: PlannerFixture, _ sql: String) async throws {
    let schema = try #require(
      try await planner.value(
        "SELECT schema_name FROM projection.builds WHERE projection = 'tasks' AND state = 'live'"))
    let connection = try await planner.database.connect()
    try await connection.runScript("SET search_path = \(schema); \(sql)")
    connection.close()
  }

  @EventLoop
  private func verify(_ planner: PlannerFixture, repair: Bool = false, onlyPlanner: Bool = false)
    async throws -> JSON
  {
    let ended = try await planner.finish(
      try await planner.engine.verify(
        "tasks", scope: onlyPlanner ? planner.planner : nil, repair: repair))
    #expect(ended.state == .done, "\(ended)")
    return ended.report ?? .null
  }

  @Test(arguments: [false, true]) @EventLoop
  func `a row that was edited, one that is gone and one too many are named, and mended`(
    onlyPlanner: Bool
  ) async throws {
    let planner = try await fixture()
    let before = try await planner.ask("Tasks")
    try await plant(
      planner,
      """
      UPDATE tasks SET title = 'Forged', priority = 5 WHERE title = 'Task 2';
      DELETE FROM tasks WHERE title = 'Task 5';
      INSERT INTO tasks SELECT * FROM jsonb_populate_record(NULL::tasks,
        (SELECT to_jsonb(t) || '{"taskId": "00000000-0000-0000-0000-00000000abcd"}' FROM tasks t WHERE title = 'Task 7'));
      """)
    let report = try await verify(planner, onlyPlanner: onlyPlanner)
    #expect(report["equal"] == false)
    let differences = report["differences"]?.array ?? []
    func only(_ kind: String) throws -> JSON {
      let found = differences.filter { $0["kind"]?.string == kind }
      #expect(found.count == 1 && found.first?["total"] == 1, "\(differences)")
      return try #require(found.first)
    }
    #expect(try only("different")["columns"] == ["priority", "title"])
    #expect(try only("different")["key"]?["taskId"] == PlannerFixture.id(2))
    #expect(try only("different")["before"]?["title"] == "Forged")
    #expect(try only("different")["after"]?["title"] == "Task 2")
    #expect(try only("added")["after"]?["title"] == "Task 5")
    func events(_ kind: String) throws -> [String] {
      (try only(kind)["events"]?.array ?? []).compactMap { $0["type"]?.string }
    }
    #expect(try events("different") == ["TaskCreated"])
    #expect(try events("added") == ["TaskCreated"])
    #expect(try events("gone") == [])
    #expect(try only("gone")["key"]?["taskId"] == "00000000-0000-0000-0000-00000000abcd")

    #expect(try await verify(planner, repair: true, onlyPlanner: onlyPlanner)["equal"] == false)
    #expect(try await verify(planner)["equal"] == true)
    #expect(try await planner.ask("Tasks") == before)
    let health = try #require(planner.health("tasks"))
    #expect(health.proof?.position == planner.tail.head && health.proof?.problem == nil)
  }

  @Test @EventLoop
  func `a checkpoint that is off by one is found`() async throws {
    let planner = try await fixture()
    let head = planner.tail.head
    try await plant(
      planner, "UPDATE projection.builds SET position = \(head + 1) WHERE projection = 'tasks'")
    try await planner.submit(["reopenTask": ["taskId": PlannerFixture.id(3)]])
    try await planner.submit(["startTask": ["taskId": PlannerFixture.id(4)]])
    let shown = try await planner.ask("Task", ["taskId": PlannerFixture.id(3)])
    #expect(shown["rows"]?[0]?["status"] == "done")
    let report = try await verify(planner)
    let difference = report["differences"]?[0]
    #expect(difference?["key"]?["taskId"] == PlannerFixture.id(3))
    #expect(difference?["columns"]?.array?.contains("status") == true)
    let events = difference?["events"]?.array ?? []
    #expect(
      events.map { $0["type"] } == ["TaskCreated", "TaskStarted", "TaskCompleted", "TaskReopened"])
    #expect(events.last?["position"] == .int(head + 1))
    #expect(try await verify(planner, repair: true)["mended"] == true)
    let mended = try await planner.ask("Task", ["taskId": PlannerFixture.id(3)])
    #expect(mended["rows"]?[0]?["status"] == "open")
  }

  @Test @EventLoop
  func `an apply that forgets an event type is found`() async throws {
    let planner = try await fixture()
    try planner.writeTotals()
    #expect(await planner.engine.reload().added == ["totals"])
    let schema = try #require(
      try await planner.value(
        "SELECT schema_name FROM projection.builds WHERE projection = 'totals'"))
    let connection = try await planner.database.connect()
    try await connection.runScript(
      """
      CREATE OR REPLACE FUNCTION \(schema).apply() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO totals SELECT stream_id, count(*) FROM batch WHERE type <> 'TaskReopened' GROUP BY 1
        ON CONFLICT (planner_id) DO UPDATE SET events = totals.events + excluded.events;
      END $$
      """)
    connection.close()
    try await planner.submit(["reopenTask": ["taskId": PlannerFixture.id(3)]])
    let position = planner.tail.head
    _ = try await planner.ask("Totals")
    let ended = try await planner.finish(try await planner.engine.verify("totals"))
    let difference = ended.report?["differences"]?[0]
    #expect(difference?["columns"] == ["events"], "\(ended)")
    let newest = difference?["events"]?.array?.last
    #expect(newest?["type"] == "TaskReopened" && newest?["position"] == .int(position))
    // Against a folder that does not forget it, before that is swapped in.
    try planner.writeTotals(guarding: "-- all of them")
    let told = try await planner.finish(try await planner.engine.diff("totals", hold: false))
    #expect(told.report?["differences"]?[0]?["columns"] == ["events"])
  }

  @Test @EventLoop
  func `a verification of one planner that was interrupted begins anew where it is gone on with`()
    async throws
  {
    let planner = try await fixture()
    let before = try await planner.ask("Tasks")
    let connection = try await planner.database.connect("plannerd_project")
    // As a daemon leaves it that ends when its fold is committed and not compared yet.
    let id = try await connection.run([
      Query(
        Statement(
          """
          WITH job AS (
            INSERT INTO projection.jobs (kind, projection, options)
            SELECT 'verify', projection, jsonb_build_object('source', source, 'repair', true, 'scope', $1::text)
              FROM projection.builds WHERE projection = 'tasks' AND state = 'live' RETURNING *)
          SELECT job_id FROM job
          """), [.text(planner.planner.description)])
    ])[0].int(0, 0)!
    let rows = try await connection.run([
      Statement(
        """
        SELECT (projection.create_build('tasks', generation, category, series, source, 'scratch', $1)).schema_name
          FROM projection.builds WHERE projection = 'tasks' AND state = 'live'
        """)(.int(id))
    ])[0]
    let live = try #require(
      try await planner.value(
        "SELECT schema_name FROM projection.builds WHERE projection = 'tasks' AND state = 'live'"))
    try await connection.runScript(
      """
      INSERT INTO \(rows.text(0, 0)).tasks SELECT * FROM \(live).tasks;
      UPDATE \(rows.text(0, 0)).tasks SET title = 'Left behind';
      INSERT INTO projection.leases VALUES ('job \(id)', NULL, 1);
      """)
    connection.close()
    let ended = try await planner.finish(id)
    #expect(ended.state == .done && ended.report?["equal"] == true, "\(ended)")
    #expect(try await planner.ask("Tasks") == before)
  }

  @Test @EventLoop
  func `views are proved by and by while commands keep coming`() async throws {
    let planner = try await fixture()
    let other = PlannerFixture.engine(
      planner.database, planner.folder, planner.tail, proofInterval: .milliseconds(50))
    await planner.engine.stop()
    try await other.start()
    try await plant(planner, "UPDATE tasks SET title = 'Forged' WHERE title = 'Task 2'")
    for number in 20...40 {
      try await planner.submit([
        "createTask": ["taskId": PlannerFixture.id(number), "title": .string("Task \(number)")]
      ])
    }
    try await Patience.until("both were proved") {
      other.health.allSatisfy { $0.proof != nil }
    }
    let proofs = Dictionary(uniqueKeysWithValues: other.health.map { ($0.name, $0.proof?.problem) })
    #expect(proofs["theme_ratings"] == .some(nil))
    #expect(proofs["tasks"]??.contains("title") == true, "\(proofs)")
    await other.stop()
  }
}
