import EventLog
import EventLoop
import Postgres
import Scalars
import TestSupport
import Testing

@testable import Projections

/// How many statements Postgres runs on the way of a command: each costs more than the rows that it is about.
@Suite(.clusterTurns) struct StatementCountTests {
  /// The statements that some queries lead to, those within functions too, as Postgres tells them; nothing of it stays.
  @EventLoop
  private func statements(of queries: [Query], on connection: Connection) async throws -> [String] {
    try await connection.runScript(
      """
      LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_level = notice;
      SET auto_explain.log_nested_statements = on
      """)
    let end = Query(Statement("SELECT 1 / 0"))
    do {
      _ = try await connection.run(queries + [end])
      return []
    } catch {
      #expect(error.sqlState == "22012", "\(error)")
      return error.notices.filter { $0.contains("Query Text: ") }
    }
  }

  @EventLoop
  private func append(events: Int) -> Query {
    Query(
      Statement(
        """
        SELECT log.append(
          \(TestCluster.schemaVersion), now(), array_agg('counter'::text),
          array_agg('\(LogFixture.id(1))'::uuid), array_agg(n::bigint), array_agg('Added'::text),
          array_agg('{"amount": 1}'::jsonb), array_agg(gen_random_uuid()), array_agg('add'::text),
          array_agg('\\x01'::bytea), array_agg(1::bigint), array_agg('\(LogFixture.id(7))'::uuid),
          array_agg(0::bigint), array_agg(42), array_agg(NULL::timestamptz), array_agg(NULL::uuid))
          FROM generate_series(1, \(events)) AS n
        """))
  }

  @Test(arguments: [(1, 4), (20, 5)]) @EventLoop
  func `an append is one call and a few statements, whatever it carries`(events: Int, count: Int)
    async throws
  {
    let log = try await LogFixture()
    let connection = try await log.database.connect()
    let statements = try await statements(of: [append(events: events)], on: connection)
    #expect(statements.count == count, "\(statements)")
    connection.close()
  }

  @Test @EventLoop
  func `a group is appended in one round trip`() async throws {
    let log = try await LogFixture()
    _ = try await log.submit([log.command(.add(1))])
    let before = log.session.roundTrips
    _ = try await log.submit([log.command(.add(1)), log.command(.add(2))])
    #expect(log.session.roundTrips == before + 1)
  }

  @Test @EventLoop
  func `a live fold is two statements in one round trip, and two within the first`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    _ = try await planner.ask("Tasks")
    let connection = try await planner.database.connect()
    let session = planner.database.session("plannerd_project")
    let build = try #require(try await BuildStore(session: session).all().first)
    let value = try #require(try await planner.value("SELECT epoch FROM projection.leases"))
    let epoch = try #require(Int(value))
    let lease = Lease(name: Lease.name(ofProjection: "tasks"), epoch: epoch)
    let queries = Fold.queries(
      (build, lease), after: build.position, upTo: build.position)
    #expect(queries.count == 2)
    let statements = try await statements(of: [queries[0]], on: connection)
    #expect(statements.count == 3, "\(statements)")
    session.close()
    connection.close()
  }
}
