internal import EventLoop
internal import JSON
internal import Postgres
internal import Scalars

/// How two builds differ at the same position.
struct Comparison: Sendable {
  let position: Int
  /// Row counts and digests, where both have the same tables.
  let tables: [Table]
  var differences: [Difference]
  /// The first build's rows that differed were made those of the second.
  var isMended = false

  struct Table: Sendable {
    let name: String
    let liveRows: Int
    let freshRows: Int
    let live: String
    let fresh: String
    var isEqual: Bool { liveRows == freshRows && live == fresh }
  }

  /// A row in which they differ: an example of so many of its kind in its table.
  struct Difference: Sendable {
    let table: String
    /// `added` is in the second build only, `gone` in the first only, `different` in both.
    let kind: String
    let total: Int
    let key: JSON
    let before: JSON?
    let after: JSON?
    let columns: [String]
    /// The events behind it, oldest first.
    var events: [JSON] = []
  }

  var isEqual: Bool { tables.allSatisfy(\.isEqual) && differences.isEmpty }

  /// Examples of each kind in each table.
  private static let sample = 5

  /// Two builds that stand at a position, on a connection whose transaction shows both there.
  @EventLoop
  init(_ first: Build, _ second: Build, at position: Int, scope: UUID?, on connection: Connection)
    async throws(PostgresError)
  {
    self.position = position
    func digests(_ build: Build) -> Query {
      Comparison.digestStatement(
        .text(build.schemaName), .text(build.scopeColumn), .text(scope?.description))
    }
    let both = try await connection.run([digests(first), digests(second)])
    let isSame = first.generation == second.generation
    tables = isSame ? Comparison.tables(both[0], both[1]) : []
    if isSame, tables.allSatisfy(\.isEqual) {
      differences = []
      return
    }
    let rows = try await connection.run([
      Comparison.differenceStatement(
        .text(first.schemaName), .text(second.schemaName), .text(first.scopeColumn),
        .text(scope?.description), .int(Comparison.sample))
    ])[0]
    differences = (0..<rows.count).map { Difference(rows, row: $0) }
  }

  private static let digestStatement = Statement(
    "SELECT table_name, row_count, digest FROM projection.digests($1, $2, $3)")
  private static let differenceStatement = Statement(
    """
    SELECT table_name, kind, total, key::text, before::text, after::text, to_json(columns)::text
      FROM projection.differences($1, $2, $3, $4, $5)
    """)

  private static func tables(_ live: Rows, _ fresh: Rows) -> [Table] {
    (0..<min(live.count, fresh.count)).map { row in
      Table(
        name: live.text(row, 0), liveRows: live.int(row, 1)!, freshRows: fresh.int(row, 1)!,
        live: live.text(row, 2), fresh: fresh.text(row, 2))
    }
  }

  /// As it is told to clients.
  var json: JSON {
    [
      "position": .int(position), "equal": .bool(isEqual), "mended": .bool(isMended),
      "tables": .array(tables.map(\.json)), "differences": .array(differences.map(\.json)),
    ]
  }

  /// In a sentence, where they differ.
  var problem: String? {
    if let first = differences.first { return "\(first)" }
    guard let table = tables.first(where: { !$0.isEqual }) else { return nil }
    return "table \(table.name) has another digest"
  }
}

extension Comparison.Table {
  fileprivate var json: JSON {
    [
      "table": .string(name), "liveRows": .int(liveRows), "freshRows": .int(freshRows),
      "live": .string(live), "fresh": .string(fresh), "equal": .bool(isEqual),
    ]
  }
}

extension Comparison.Difference: CustomStringConvertible {
  fileprivate init(_ rows: Rows, row: Int) {
    func json(_ column: Int) -> JSON? { rows[row, column].flatMap { try? JSON.parse($0) } }
    table = rows.text(row, 0)
    kind = rows.text(row, 1)
    total = rows.int(row, 2)!
    key = json(3) ?? .null
    before = json(4)
    after = json(5)
    columns = json(6)?.array?.compactMap(\.string) ?? []
  }

  fileprivate var json: JSON {
    [
      "table": .string(table), "kind": .string(kind), "total": .int(total), "key": key,
      "before": before ?? .null, "after": after ?? .null,
      "columns": .array(columns.map { .string($0) }), "events": .array(events),
    ]
  }

  var description: String {
    let what = columns.isEmpty ? "" : " in \(columns.joined(separator: ", "))"
    return "row \(key.text) of table \(table) is \(kind)\(what)"
  }
}
