import EventLoop
import JSON
import Projections
import TestSupport
import Testing

/// Folders that would not give the same rows each time, or bring more than tables.
@Suite(.clusterTurns) struct ProjectionRefusalTests {
  private static let table = "-- scope: planner\nCREATE TABLE t (planner_id uuid PRIMARY KEY);\n"

  @EventLoop private func refusal(table: String, apply: String) async throws -> ProjectionRefusal? {
    let planner = try await PlannerFixture(projections: [])
    try planner.write(table, "some/table.sql")
    try planner.write(apply, "some/apply.sql")
    return await planner.engine.reload().refused.first
  }

  @Test(arguments: [
    "'now'::timestamptz", "' TODAY '::date", "date 'today'", "CAST('yesterday' AS date)",
    "timestamp with time zone 'tomorrow'", "/* don't */ now()", "'it''s' || now()",
    "E'it\\'s' || now()", "/* /* nested */ still */ now()", "\"a'b\" = now()",
  ])
  @EventLoop
  func `the clock is refused however it is written`(expression: String) async throws {
    let apply = "INSERT INTO t SELECT stream_id FROM batch\nWHERE occurred_at < \(expression);"
    let refusal = try #require(try await refusal(table: Self.table, apply: apply))
    #expect(refusal.file == "apply.sql" && refusal.line == 2, "\(refusal)")
    #expect(refusal.message.contains("depends on when it runs"), "\(refusal)")
  }

  @Test(arguments: [
    "type = 'now'", "type = '-- '' now()'", "type = 'a\nnow()\n'", "/* don't\n now() */ true",
    "true -- it's now()", "type <> 'today'::text", "type <> E'\\' now() '",
  ])
  @EventLoop
  func `a text that only looks like the clock is not`(condition: String) async throws {
    let apply = "INSERT INTO t SELECT DISTINCT stream_id FROM batch\nWHERE \(condition)\n;"
    #expect(try await refusal(table: Self.table, apply: apply) == nil)
  }

  @Test(arguments: [
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();",
    "CREATE VIEW v AS SELECT 1;", "CREATE SEQUENCE s;",
  ])
  @EventLoop
  func `what is neither table nor index is refused`(statement: String) async throws {
    let refusal = try #require(
      try await refusal(table: Self.table + statement, apply: "SELECT 1;"))
    #expect(refusal.file == "table.sql", "\(refusal)")
    #expect(refusal.message.contains("tables and indexes only"), "\(refusal)")
  }
}
