internal import EventLoop
internal import Postgres
internal import Scalars

/// The statements that fill and fold the temporary tables of a sandbox, made for one build's tables.
struct SandboxStatements {
  let apply: Statement
  /// Parameters: the scope.
  let fromLive: Statement
  /// Parameters: the whole copy, the snapshot.
  let fromSnapshot: Statement
  let emptyAll: Statement
  /// Looks at the rows that were filled in, so that queries are planned as they are on the build's own; nil where all tables
  /// are series.
  let analyze: Statement?
  /// Parameters: build, scope, version, category, the snapshot that it goes on from. It answers the new snapshot's id
  /// and rows, or nothing where the one before is gone.
  let keepWhole: Statement
  /// As `keepWhole`, with the whole copy as sixth parameter; nil where it cannot be told which rows have changed.
  let keepChanges: Statement?

  private let buildID: Int
  private let category: String?

  /// What stands for the scope of a build over all streams.
  static let allStreams = UUID(high: 0, low: 0)
  /// Events that one `apply()` folds at most.
  private static let chunk = 20_000

  /// Makes the tables on a connection; one that `keeps` snapshots leaves their rows there at the end of a transaction.
  @EventLoop
  static func open(_ build: Build, keeps: Bool, on connection: Connection)
    async throws(PostgresError) -> SandboxStatements
  {
    let rows = try await connection.run([openStatement(.int(build.id), .bool(keeps))])[0]
    let tables = (0..<rows.count).map { SandboxTable(build, rows, row: $0) }
    return SandboxStatements(build, tables)
  }

  private static let openStatement = Statement(
    """
    SELECT name, columns,
           (SELECT string_agg(k.name, ', ' ORDER BY k.ordinal DESC) FROM unnest(key) WITH ORDINALITY AS k (name, ordinal)),
           is_series
      FROM projection.open_sandbox($1, $2)
    """)

  private init(_ build: Build, _ tables: [SandboxTable]) {
    buildID = build.id
    category = build.category
    apply = Statement("SELECT \(quoted(build.schemaName)).apply()")
    let copied = tables.filter { !$0.isSeries }
    // One statement fills all tables, so that references are checked when all are filled.
    fromLive = Statement(
      SandboxStatements.with(copied.map(\.fromLive), "SELECT $1::uuid"))
    fromSnapshot = Statement(
      SandboxStatements.with(copied.map(\.fromSnapshot), "SELECT $1::bigint, $2::bigint"))
    emptyAll = Statement("TRUNCATE \(tables.flatMap(\.own).joined(separator: ", "))")
    analyze =
      copied.isEmpty
      ? nil
      : Statement("ANALYZE \(copied.map { "pg_temp.\(quoted($0.name))" }.joined(separator: ", "))")
    let counts = copied.map { "(SELECT count(*) FROM pg_temp.\(quoted($0.name)))" }
    keepWhole = SandboxStatements.keep(
      copied.flatMap(\.keepWhole), base: "NULL",
      rows: counts.isEmpty ? "0" : counts.joined(separator: " + "))
    keepChanges =
      copied.contains { $0.key == nil }
      ? nil
      : SandboxStatements.keep(copied.flatMap(\.keepChanges), base: "$6::bigint", rows: "NULL")
  }

  private static func with(_ parts: [String], _ select: String) -> String {
    parts.isEmpty ? select : "WITH \(parts.joined(separator: ",\n")) \(select)"
  }

  private static func keep(_ copies: [String], base: String, rows: String) -> Statement {
    let register = """
      "new snapshot" AS (
        INSERT INTO projection.snapshots (build_id, scope, version, position, base_id, rows)
        SELECT $1, $2, $3::bigint, CASE WHEN $4::text IS NULL THEN $3::bigint ELSE (
                 SELECT e.position FROM log.events e
                  WHERE e.category = $4::text AND e.stream_id = $2 AND e.version = $3::bigint) END,
               \(base), \(rows)
         WHERE $5::bigint IS NULL
            OR EXISTS (SELECT FROM projection.snapshots WHERE snapshot_id = $5::bigint)
        RETURNING snapshot_id, rows)
      """
    return Statement(
      with([register] + copies, #"SELECT snapshot_id, rows FROM "new snapshot""#))
  }

  // MARK: Queries of a transaction

  /// What `batch` and the names of tables mean until its end, and up to which position a series is read.
  func settings(_ scope: UUID?, seriesUpTo: Int, whatIf events: String? = nil) -> Query {
    let batch =
      switch (category, events) {
      case (nil, nil): "batch_all"
      case (nil, _): "batch_whatif_all"
      case (_, nil): "batch_scope"
      default: "batch_whatif"
      }
    return SandboxStatements.settings(
      .text("pg_temp, \(batch)"), .text(category ?? ""), .text(scope?.description ?? ""),
      .text(events ?? "[]"), .text(String(seriesUpTo)), .int(buildID))
  }

  /// Up to which position a series is read from here on.
  func series(upTo position: Int) -> Query {
    SandboxStatements.series(.text(String(position)))
  }

  /// Folds the scope's events after a version, as positions of a build over all streams.
  func fold(after: Int, upTo: Int) -> [Query] {
    stride(from: after, to: upTo, by: SandboxStatements.chunk).flatMap { after in
      let bounds =
        category == nil ? SandboxStatements.positions : SandboxStatements.versions
      let end = min(upTo, after + SandboxStatements.chunk)
      return [bounds(.text(String(after)), .text(String(end))), apply()]
    }
  }

  private static let settings = Statement(
    """
    SELECT set_config('search_path', $1, true), set_config('plannerd.category', $2, true),
           set_config('plannerd.scope', $3, true), set_config('plannerd.hypothetical', $4, true),
           set_config('plannerd.series_upto', $5, true), set_config('plannerd.series_folded',
             (SELECT position::text FROM projection.builds WHERE build_id = $6), true)
    """)
  private static let series = Statement("SELECT set_config('plannerd.series_upto', $1, true)")
  private static let versions = Statement(
    """
    SELECT set_config('plannerd.after_version', $1, true), set_config('plannerd.upto_version', $2, true)
    """)
  private static let positions = Statement(
    "SELECT set_config('plannerd.after', $1, true), set_config('plannerd.upto', $2, true)")
}
