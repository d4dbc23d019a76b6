import EventLog
import EventLoop
import JSON
import Postgres
import Projections
import Scalars
import TestSupport
import Testing

@Suite(.clusterTurns) struct ProjectionTests {
  private static let pillar = PlannerFixture.id(1)
  private static let theme = PlannerFixture.id(2)

  @EventLoop
  private func seeded() async throws -> PlannerFixture {
    let planner = try await PlannerFixture()
    try await planner.submit(
      ["createPillar": ["pillarId": Self.pillar, "name": "Health"]],
      ["createTheme": ["themeId": Self.theme, "pillarId": Self.pillar, "name": "Sleep"]],
      ["createTheme": ["themeId": PlannerFixture.id(3), "pillarId": Self.pillar, "name": "Food"]],
      ["rateTheme": ["themeId": Self.theme, "ratingPercent": 55]],
      ["rateTheme": ["themeId": PlannerFixture.id(3), "ratingPercent": 70]],
      ["createTask": ["taskId": PlannerFixture.id(10), "title": "Run", "themeId": Self.theme]],
      ["createTask": ["taskId": PlannerFixture.id(11), "title": "Rest", "priority": 5]],
      ["createTask": ["taskId": PlannerFixture.id(12), "title": "Read", "dueDate": "2026-11-22"]])
    return planner
  }

  @Test @EventLoop func `views answer what was submitted`() async throws {
    let planner = try await seeded()
    let pillars = try await planner.ask("PillarAverages")
    #expect(pillars["rows"]?[0]?["avgPercent"] == 63)
    #expect(pillars["position"]?.int == planner.tail.head)
    let ratings = try await planner.ask("ThemeRatings")
    #expect(ratings["rows"]?.array?.count == 2)
    let tasks = try await planner.ask("Tasks", ["sort": "priority"])
    #expect(tasks["rows"]?[0]?["title"] == "Rest")
    #expect(tasks["rows"]?.array?.count == 3)
  }

  @Test @EventLoop func `pages follow one another without gap or overlap`() async throws {
    let planner = try await seeded()
    for sort in ["newest", "oldest", "due", "priority", "title", "rank", "updated"] {
      var titles: [String] = []
      var cursor: JSON = .null
      repeat {
        let page = try await planner.ask(
          "Tasks", ["sort": .string(sort), "limit": 1, "cursor": cursor])
        titles += (page["rows"]?.array ?? []).compactMap { $0["title"]?.string }
        cursor = page["nextCursor"] ?? .null
      } while cursor != .null
      let whole = try await planner.ask("Tasks", ["sort": .string(sort)])
      #expect(titles == whole["rows"]?.array?.compactMap { $0["title"]?.string })
      #expect(Set(titles).count == 3)
    }
  }

  @Test @EventLoop func `a rebuild is swapped in and equals what it replaced`() async throws {
    let planner = try await seeded()
    let before = try await planner.ask("Tasks")
    let rebuilt = try await planner.finish(try await planner.engine.rebuild("tasks"))
    #expect(rebuilt.state == .done)
    #expect(try await planner.ask("Tasks") == before)
    let verified = try await planner.finish(try await planner.engine.verify("tasks"))
    #expect(verified.state == .done)
    #expect(verified.report?["equal"] == true)
  }

  @Test @EventLoop func `verify finds a row that was edited by hand`() async throws {
    let planner = try await seeded()
    _ = try await planner.ask("Tasks")
    let owner = try await planner.database.connect()
    let schema = try await owner.run([
      Query(
        Statement(
          "SELECT schema_name FROM projection.builds WHERE projection = 'tasks' AND state = 'live'")
      )
    ])[0].text(0, 0)
    try await owner.runScript("UPDATE \(schema).tasks SET title = 'Forged' WHERE title = 'Run'")
    let verified = try await planner.finish(try await planner.engine.verify("tasks"))
    #expect(verified.report?["equal"] == false)
  }

  @Test @EventLoop func `erased events leave the views by themselves`() async throws {
    let planner = try await seeded()
    #expect(try await planner.ask("Tasks")["rows"]?.array?.count == 3)
    let eraser = try await planner.database.connect("plannerd_erase")
    // In two goes, the second while the views forget the first.
    for position in [planner.tail.head / 2, planner.tail.head] {
      _ = try await eraser.run([
        Statement("SELECT log.erase('planner', $1, $2, $1, 0, 1)")(
          .text(planner.planner.description), .int(position))
      ])
    }
    try await Patience.until("no view shows what was erased") {
      (try? await planner.value("SELECT count(*) FROM projection.erasures")) == "0"
    }
    for view in ["Tasks", "ThemeRatings", "PillarAverages", "RatingHistory"] {
      #expect(try await planner.ask(view)["rows"]?.array?.count == 0, "\(view)")
    }
    let check = try await planner.reader.verify(after: 0, chunk: 1_000)
    #expect(check.problems.isEmpty && check.lastPosition == planner.tail.head)
    for name in planner.engine.projections {
      let verified = try await planner.finish(try await planner.engine.verify(name))
      #expect(verified.report?["equal"] == true)
    }
  }

  @Test @EventLoop func `a folder dropped in while running becomes a method`() async throws {
    let planner = try await seeded()
    try planner.write(
      "-- scope: planner\nCREATE TABLE totals (planner_id uuid PRIMARY KEY, events bigint NOT NULL);\n",
      "totals/table.sql")
    try planner.write(
      """
      INSERT INTO totals SELECT stream_id, count(*) FROM batch GROUP BY stream_id
      ON CONFLICT (planner_id) DO UPDATE SET events = totals.events + excluded.events;
      """, "totals/apply.sql")
    try planner.write(
      """
      -- How many events a planner has.
      -- parameters: planner uuid
      -- never null: events
      SELECT events FROM totals WHERE planner_id = $1
      """, "totals/queries/Totals.sql")
    let report = await planner.engine.reload()
    #expect(report.added == ["totals"])
    #expect(report.refused == [])
    #expect(try await planner.ask("Totals")["rows"]?[0]?["events"] == .int(planner.tail.head - 1))
    try await planner.submit(["removeTask": ["taskId": PlannerFixture.id(10)]])
    #expect(try await planner.ask("Totals")["rows"]?[0]?["events"] == .int(planner.tail.head - 1))
    #expect(planner.engine.interfaceDefinition.contains("method Totals("))
  }

  @Test(arguments: [
    (
      "-- scope: planner\nCREATE TABLE t (planner_id uuid PRIMARY KEY, x float8);\n", "SELECT 1;",
      "table.sql", 1, "float"
    ),
    (
      "-- scope: planner\nCREATE TABLE t (id uuid PRIMARY KEY);\n", "SELECT 1;", "table.sql", 1,
      "planner_id"
    ),
    ("CREATE TABLE t (planner_id uuid PRIMARY KEY);\n", "SELECT 1;", "table.sql", 1, "scope"),
    (
      "-- scope: person\nCREATE TABLE t (person_id uuid PRIMARY KEY);\n", "SELECT 1;", "table.sql",
      1,
      "planner or all"
    ),
    (
      "-- scope: planner\nCREATE TABLE t (planner_id uuid NOT NULL, id uuid PRIMARY KEY);\n",
      "SELECT 1;",
      "table.sql", 1, "must begin with planner_id"
    ),
    (
      "-- scope: planner\nCREATE TABLE t (planner_id uuid PRIMARY KEY);\n\nCREATE TABLE u (planner_id uid);\n",
      "SELECT 1;", "table.sql", 4, "uid"
    ),
    (
      "-- scope: planner\n-- series: u\nCREATE TABLE t (planner_id uuid PRIMARY KEY);\n",
      "SELECT 1;", "table.sql", 1, "the series u must be a table"
    ),
    (
      "-- scope: planner\n-- series: t\nCREATE TABLE t (planner_id uuid, position bigint NOT NULL);\n",
      "\nUPDATE t SET position = 1;", "apply.sql", 2, "may only add rows"
    ),
    (
      "-- scope: planner\nCREATE TABLE t (planner_id uuid PRIMARY KEY);\n",
      "INSERT INTO t\nSELECT stream_id FROM batch\nWHERE occurred_at < now();", "apply.sql", 3,
      "now"
    ),
    (
      "-- scope: planner\nCREATE TABLE t (planner_id uuid PRIMARY KEY);\n",
      "INSERT INTO t\nSELECT stream_id FROM batch\nWHERE oops = 1;", "apply.sql", 3, "oops"
    ),
    (
      "-- scope: planner\nCREATE TABLE t (planner_id uuid PRIMARY KEY);\n",
      "INSERT INTO t\nSELECT;\n\nSELEC 1;", "apply.sql", 4, "syntax"
    ),
  ])
  @EventLoop
  func `a folder with an error is refused by file and line`(
    table: String, apply: String, file: String, line: Int, word: String
  ) async throws {
    let planner = try await PlannerFixture(projections: [])
    try planner.write(table, "bad/table.sql")
    try planner.write(apply, "bad/apply.sql")
    let report = await planner.engine.reload()
    #expect(report.added == [])
    let refusal = try #require(report.refused.first)
    #expect(refusal.file == file && refusal.line == line, "\(refusal)")
    #expect(refusal.message.contains(word), "\(refusal)")
  }
}
