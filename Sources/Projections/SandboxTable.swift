internal import Postgres

/// A table of a build and the temporary one that stands for it in a sandbox.
struct SandboxTable {
  let name: String
  /// The columns that are written, as a list.
  let columns: String
  /// The columns of the primary key, as a list, the last one first: rows that are sorted by it differ in its first column, where
  /// in the key it is the same scope in all of them.
  let key: String?
  /// Its rows are only added to, and are read where they live.
  let isSeries: Bool

  private let build: Build

  init(_ build: Build, _ rows: Rows, row: Int) {
    self.build = build
    name = rows.text(row, 0)
    columns = rows.text(row, 1)
    key = rows[row, 2]
    isSeries = rows.bool(row, 3)
  }

  private var temporary: String { "pg_temp.\(quoted(name))" }
  private var snapshots: String { "snapshots_\(build.id).\(quoted(name))" }
  /// The keys of rows that have gone.
  private var gone: String { "pg_temp.\(quoted("gone \(name)"))" }
  private var copy: String { quoted("copy of \(name)") }
  private var noted: String { quoted("noted \(name)") }

  /// The tables that hold rows of a sandbox that keeps snapshots.
  var own: [String] {
    if isSeries { return ["pg_temp.\(quoted("added \(name)"))"] }
    return key == nil ? [temporary] : [temporary, gone]
  }

  // The parts of statements that fill all tables, each a query of a WITH.

  var fromLive: String {
    let scope = build.scopeColumn.map { "\(quoted($0)) = $1" } ?? "true"
    return """
      \(copy) AS (
        INSERT INTO \(temporary) (\(columns))
        SELECT \(columns) FROM \(quoted(build.schemaName)).\(quoted(name)) WHERE \(scope))
      """
  }

  /// Of each row the newest copy up to the snapshot.
  var fromSnapshot: String {
    """
    \(copy) AS (
      INSERT INTO \(temporary) (\(columns))
      SELECT \(columns) FROM (
        SELECT \(key.map { "DISTINCT ON (\($0))" } ?? "") * FROM \(snapshots)
         WHERE "base id" = $1 AND "snapshot id" <= $2
         \(key.map { "ORDER BY \($0), \"snapshot id\" DESC" } ?? "")) AS newest
       WHERE NOT "is gone")
    """
  }

  /// A transaction that keeps nothing since the snapshot before is gone has no new one.
  private static let newID = "(SELECT snapshot_id FROM \"new snapshot\")"
  private static let isKept = "EXISTS (SELECT FROM \"new snapshot\")"

  var keepWhole: [String] {
    let rows = """
      \(copy) AS (
        INSERT INTO \(snapshots) ("base id", "snapshot id", "is gone", \(columns))
        SELECT \(SandboxTable.newID), \(SandboxTable.newID), false, \(columns) FROM \(temporary)
         WHERE \(SandboxTable.isKept))
      """
    return key == nil ? [rows] : [rows, "\(noted) AS (DELETE FROM \(gone))"]
  }

  /// The rows that the transaction has written, whose xmin is its own or that of a part of it, and the keys of those that
  /// have gone.
  var keepChanges: [String] {
    guard let key else { return [] }
    return [
      """
      \(copy) AS (
        INSERT INTO \(snapshots) ("base id", "snapshot id", "is gone", \(columns))
        SELECT $6, \(SandboxTable.newID), false, \(columns) FROM \(temporary)
         WHERE age(xmin) <= 0 AND \(SandboxTable.isKept))
      """,
      "\(noted) AS (DELETE FROM \(gone) RETURNING \(key))",
      """
      \(quoted("copy of gone \(name)")) AS (
        INSERT INTO \(snapshots) ("base id", "snapshot id", "is gone", \(key))
        SELECT DISTINCT $6, \(SandboxTable.newID), true, \(key) FROM \(noted)
         WHERE (\(key)) NOT IN (SELECT \(key) FROM \(temporary)) AND \(SandboxTable.isKept))
      """,
    ]
  }
}
