import EventLoop
import JSON
import Postgres
import Projections
import TestSupport

extension PlannerFixture {
  /// Writes a projection that counts the planner's events; `guarding` comes before the statement of its apply.sql.
  func writeTotals(guarding statement: String = "") throws {
    try write(
      "-- scope: planner\nCREATE TABLE totals (planner_id uuid PRIMARY KEY, events bigint NOT NULL);\n",
      "totals/table.sql")
    try write(
      """
      \(statement)
      INSERT INTO totals SELECT stream_id, count(*) FROM batch GROUP BY stream_id
      ON CONFLICT (planner_id) DO UPDATE SET events = totals.events + excluded.events;
      """, "totals/apply.sql")
    try writeTotalsQuery("events")
  }

  /// A query of that projection with some columns.
  func writeTotalsQuery(_ columns: String) throws {
    try write(
      """
      -- How many events a planner has.
      -- parameters: planner uuid
      -- never null: events
      SELECT \(columns) FROM totals WHERE planner_id = $1
      """, "totals/queries/Totals.sql")
  }

  /// Writes a projection over all streams that counts the events of each category.
  func writeKinds() throws {
    try write(
      """
      -- scope: all
      CREATE TABLE kinds (category text NOT NULL PRIMARY KEY, events bigint NOT NULL);
      """, "kinds/table.sql")
    try write(
      """
      INSERT INTO kinds (category, events) SELECT category, count(*) FROM batch GROUP BY 1
      ON CONFLICT (category) DO UPDATE SET events = kinds.events + excluded.events;
      """, "kinds/apply.sql")
    try write(
      """
      -- How many events there are of each category.
      --
      -- parameters: category text?
      -- never null: category, events
      SELECT category, events FROM kinds WHERE $1 IS NULL OR category = $1 ORDER BY category
      """, "kinds/queries/Kinds.sql")
  }

  /// How many events the view counts, of all that were submitted.
  func totals() async throws -> Int? {
    try await ask("Totals")["rows"]?[0]?["events"]?.int
  }

  /// How many events the planner has.
  func eventCount() async throws -> Int? {
    try await value(
      "SELECT count(*) FROM log.events WHERE stream_id = '\(planner)'"
    ).flatMap { Int($0) }
  }

  /// The first value of a query of the superuser's; nil where it has no row.
  func value(_ sql: String) async throws -> String? {
    let connection = try await database.connect()
    defer { connection.close() }
    let rows = try await connection.run([Query(Statement(sql))])[0]
    return rows.isEmpty ? nil : rows[0, 0]
  }

  /// Ends the projector's sessions, as a lost network would.
  func endProjectorSessions() async throws {
    _ = try await value(
      """
      SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
       WHERE usename = 'plannerd_project' AND datname = current_database()
         AND state = 'idle'
      """)
  }

  func health(_ name: String) -> ProjectionEngine.Health? {
    engine.health.first { $0.name == name }
  }
}
