import CAllocations
import EventLog
import EventLoop
import JSON
import Postgres
import Scalars
import TestSupport
import Testing

@testable import Projections

/// How many statements Postgres runs on the way of a command and of a question: each costs more than the rows that it is
/// about. And how often a kept answer asks for memory.
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

  @Test @EventLoop
  func `a question that is not kept is one statement in one round trip`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    for method in ["Tasks", "Best", "Preferences"] {
      func ask() async throws {
        _ = try await planner.answer(
          PlannerFixture.Question(method, of: planner.planner))
      }
      // The first question to a build also says on a connection which one it is.
      for _ in 0..<20 { try await ask() }
      let before = planner.engine.queryRoundTrips
      try await ask()
      #expect(planner.engine.queryRoundTrips == before + 1)
      let view = try #require(planner.engine.catalog.views[method])
      let request = ViewRequest(
        method: method, scope: planner.planner, parameters: [:], now: PlannerFixture.now)
      let plan = try ViewPlan(view, request)
      let connection = try await planner.database.connect()
      let path = Query(Statement("SELECT set_config('search_path', $1, true)"), [.text(view.path)])
      let statements = try await statements(of: [path, plan.query], on: connection)
      #expect(statements.count == 2, "\(statements)")
      connection.close()
    }
  }

  @Test @EventLoop
  func `a kept answer is given without asking for memory`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let question = PlannerFixture.Question("Removed", of: planner.planner)
    try await planner.keep(question)
    let bytes = question.bytes
    var out: [UInt8] = []
    out.reserveCapacity(1 << 16)
    let before = allocations_of_this_thread()
    for _ in 0..<100 {
      let isGiven = planner.engine.answers.write(
        answerTo: bytes.span, of: 1_000, atLeast: 0, to: &out)
      guard isGiven else { break }
    }
    let after = allocations_of_this_thread()
    #expect(after == before)
    #expect(out.count > 100 * 20)
  }
}
