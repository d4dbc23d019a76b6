import EventLog
import EventLoop
import JSON
import Postgres
import Scalars
import TestSupport
import Testing

@testable import Projections

/// The copies of rows that answers about the past begin with.
@Suite(.clusterTurns) struct SnapshotTests {
  /// Keeps a copy after each so many events.
  @EventLoop private func past(spacing: Int) async throws -> LongPast {
    let past = try await LongPast(seed: Seed.draw(for: "snapshots"), groups: 120)
    past.planner.engine.historian.spacing = spacing
    try #require(
      await past.planner.engine.historian.catchUp(),
      "\(past.planner.engine.historian.failure ?? "")")
    return past
  }

  @Test @EventLoop func `each holds what a fresh fold of the stream up to there gives`()
    async throws
  {
    let past = try await past(spacing: 25)
    let session = past.planner.database.session("plannerd_project")
    let store = BuildStore(session: session)
    for build in try await store.all() {
      let fresh = try await store.create(try #require(build.folder), state: "scratch", job: 0)
      var position = 0
      let kept = try await snapshots(of: build, past)
      #expect(kept.count > 2, "\(build.projection)")
      for snapshot in kept {
        try await fold(fresh, after: position, upTo: snapshot.position, session)
        position = snapshot.position
        for table in try await tables(of: build, past) {
          let copied = try await digest(
            """
            SELECT \(table.columns) FROM (
              SELECT DISTINCT ON (\(table.key)) * FROM snapshots_\(build.id).\(table.name)
               WHERE "base id" = \(snapshot.baseID) AND "snapshot id" <= \(snapshot.id)
               ORDER BY \(table.key), "snapshot id" DESC) AS newest
             WHERE NOT "is gone"
            """, past)
          let folded = try await digest(
            "SELECT \(table.columns) FROM \(fresh.schemaName).\(table.name) WHERE planner_id = '\(snapshot.scope)'",
            past)
          #expect(copied == folded, "\(build.projection).\(table.name) at \(snapshot.position)")
        }
      }
      await store.drop(fresh.id)
    }
    session.close()
  }

  @Test @EventLoop
  func `but for the newest the whole ones hold no more rows than the log has events`()
    async throws
  {
    let past = try await past(spacing: 1)
    let events = try #require(try await past.planner.value("SELECT count(*) FROM log.events"))
    let most = try #require(
      try await past.planner.value(
        """
        SELECT max(rows) FROM (
          SELECT sum(rows) AS rows FROM projection.snapshots s
           WHERE EXISTS (SELECT FROM projection.snapshots t
                          WHERE (t.build_id, t.scope) = (s.build_id, s.scope) AND t.version > s.version AND t.base_id IS NULL)
           GROUP BY build_id) AS s
        """))
    #expect(Int(most)! <= Int(events)!)
    #expect(Int(most)! > 50)
  }

  @Test @EventLoop func `an erasure deletes those that hold what was erased`() async throws {
    let past = try await past(spacing: 25)
    let stream = LongPast.streams[0]
    let other = try await past.planner.value(
      "SELECT count(*) FROM projection.snapshots WHERE scope <> '\(stream)'")
    let middle = past.recorded.count / 2
    let eraser = try await past.planner.database.connect("plannerd_erase")
    _ = try await eraser.run([
      Statement("SELECT log.erase('planner', $1, $2, $1, 0, 1)")(
        .text(stream.description), .int(middle))
    ])
    eraser.close()
    for build in try await builds(past) {
      let kept = try await snapshots(of: build, past)
      #expect(!kept.contains { $0.scope == stream })
      for table in try await tables(of: build, past) {
        let left = try await past.planner.value(
          "SELECT count(*) FROM snapshots_\(build.id).\(table.name) WHERE planner_id = '\(stream)'")
        #expect(left == "0")
      }
    }
    #expect(
      try await past.planner.value(
        "SELECT count(*) FROM projection.snapshots WHERE scope <> '\(stream)'") == other)
    // What comes after is answered without it, and kept again.
    let asOf: JSON = ["position": .int(past.recorded.count)]
    let answer = try await past.planner.ask(
      "Totals", ["asOf": asOf], of: stream, now: LongPast.end)
    let left = try await past.planner.value(
      """
      SELECT count(*) FROM log.events
       WHERE category = 'planner' AND stream_id = '\(stream)' AND data IS NOT NULL AND position <= \(past.recorded.count)
      """)
    #expect(answer["rows"]?[0]?["events"]?.int.map { String($0) } == left)
    past.planner.engine.historian.spacing = 25
    #expect(await past.planner.engine.historian.catchUp())
    #expect(
      try await past.planner.ask("Totals", ["asOf": asOf], of: stream, now: LongPast.end) == answer)
  }

  @Test @EventLoop func `none is made while others wait for the projector's work`() async throws {
    let past = try await LongPast(seed: Seed.draw(for: "snapshots"), groups: 60)
    let historian = past.planner.engine.historian
    var counts: [String?] = []
    historian.giveWay = {
      guard counts.count < 3 else { return false }
      counts.append(
        try? await past.planner.value("SELECT count(*) FROM projection.snapshots"))
      return true
    }
    historian.spacing = 25
    #expect(await historian.catchUp())
    #expect(counts.count == 3 && Set(counts).count == 1)
    let made = try await past.planner.value("SELECT count(*) FROM projection.snapshots")
    #expect(Int(try #require(made))! > Int(try #require(counts[0]))!)
  }

  @Test @EventLoop func `who comes after looks on from where the log was looked through`()
    async throws
  {
    let past = try await past(spacing: 25)
    func due(_ build: Build, after: String, spacing: Int = 25) async throws -> Int {
      let sql = "SELECT count(*) FROM projection.due_snapshots(\(build.id), \(after), \(spacing))"
      return Int(try #require(try await past.planner.value(sql)))!
    }
    for build in try await builds(past) {
      let looks = "FROM projection.snapshot_looks WHERE build_id = \(build.id)"
      #expect(
        try await past.planner.value("SELECT position \(looks)") == String(past.recorded.count))
      _ = try await past.planner.value(
        "WITH gone AS (DELETE FROM projection.snapshots WHERE build_id = \(build.id) RETURNING 1) SELECT count(*) FROM gone"
      )
      #expect(try await due(build, after: "0") > 0)
      #expect(try await due(build, after: "NULL") == 0)
      #expect(try await due(build, after: "NULL", spacing: 26) > 0)
      // A look at what is not there any more counts for nothing.
      _ = try await past.planner.value(
        "WITH looked AS (UPDATE projection.snapshot_looks SET position = position + 1 WHERE build_id = \(build.id) RETURNING 1) SELECT count(*) FROM looked"
      )
      #expect(try await due(build, after: "NULL") > 0)
    }
  }

  @Test @EventLoop func `they go with the build that they are of`() async throws {
    let past = try await past(spacing: 25)
    let old = try await builds(past).map(\.id)
    let engine = past.planner.engine
    for name in engine.projections {
      #expect(try await past.planner.finish(try await engine.rebuild(name)).state == .done)
    }
    try await Patience.until("the old builds are gone") {
      (try? await builds(past).filter { old.contains($0.id) }.isEmpty) == true
    }
    let ids = old.map { String($0) }.joined(separator: ", ")
    let left = try await past.planner.value(
      "SELECT count(*) FROM projection.snapshots WHERE build_id IN (\(ids))")
    #expect(left == "0")
    #expect(await engine.historian.catchUp())
    for build in try await builds(past) {
      #expect(try await !snapshots(of: build, past).isEmpty)
    }
    let schemas = try await past.planner.value(
      "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'snapshots\\_%'")
    #expect(schemas == String(old.count))
  }

  /// Folds a stretch of the log as the projector does.
  @EventLoop private func fold(_ build: Build, after: Int, upTo: Int, _ session: Session)
    async throws
  {
    let settings = Statement(
      """
      SELECT set_config('search_path', $1, true), set_config('plannerd.category', 'planner', true),
             set_config('plannerd.after', $2, true), set_config('plannerd.upto', $3, true)
      """)
    _ = try await session.run(
      [
        settings(
          .text("\(build.schemaName), batch_category"), .text(String(after)), .text(String(upTo))),
        Query(Statement("SELECT \(build.schemaName).apply()")),
      ], resend: .forbidden)
  }

  // MARK: What is there

  private struct Kept {
    let id: Int
    let baseID: Int
    let scope: UUID
    let position: Int
  }

  @EventLoop private func builds(_ past: LongPast) async throws -> [Build] {
    let session = past.planner.database.session("plannerd_project")
    defer { session.close() }
    return try await BuildStore(session: session).all()
  }

  @EventLoop private func snapshots(of build: Build, _ past: LongPast) async throws -> [Kept] {
    let connection = try await past.planner.database.connect()
    defer { connection.close() }
    let rows = try await connection.run([
      Statement(
        """
        SELECT snapshot_id, scope, position, coalesce(base_id, snapshot_id) FROM projection.snapshots
         WHERE build_id = $1 ORDER BY position
        """
      )(.int(build.id))
    ])[0]
    return (0..<rows.count).map {
      Kept(
        id: rows.int($0, 0)!, baseID: rows.int($0, 3)!, scope: UUID(rows.text($0, 1))!,
        position: rows.int($0, 2)!)
    }
  }

  @EventLoop private func tables(of build: Build, _ past: LongPast) async throws
    -> [(name: String, columns: String, key: String)]
  {
    let connection = try await past.planner.database.connect()
    defer { connection.close() }
    let rows = try await connection.run([
      Statement(
        """
        SELECT c.relname, projection.stored_columns(format('%I.%I', $1::text, c.relname)),
               (SELECT string_agg(quote_ident(a.attname), ', ')
                  FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                 WHERE i.indrelid = c.oid AND i.indisprimary)
          FROM pg_class c
         WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r'
           AND NOT c.relname IN (SELECT unnest(series) FROM projection.builds WHERE build_id = $2)
        """)(.text(build.schemaName), .int(build.id))
    ])[0]
    return (0..<rows.count).map { (rows.text($0, 0), rows.text($0, 1), rows.text($0, 2)) }
  }

  /// The rows of a query, free of their order.
  @EventLoop private func digest(_ query: String, _ past: LongPast) async throws -> String? {
    try await past.planner.value(
      "SELECT count(*) || ' ' || coalesce(sum(hash_record_extended(r, 0)::numeric), 0) FROM (\(query)) AS r"
    )
  }
}
