internal import EventLog
internal import EventLoop
internal import JSON
internal import Postgres
package import Scalars

/// A build of a projection: its tables in a Postgres schema of their own, folded up to a position.
package struct Build: Sendable {
  package let id: Int
  package let projection: String
  package let generation: String
  package let schemaName: String
  package let category: String?
  package var position: Int
  package var state: String
  package var failure: String?
  /// JSON text of the folder's files.
  let source: String
  /// Scopes that it does not fold; that of a projection over all streams is nil.
  package var parked: [Parked]
  /// When it was last compared with a fresh fold.
  package let proof: Proof?

  /// A scope whose events are not folded, since apply() failed at one of them.
  package struct Parked: Sendable, Equatable {
    package let scope: UUID?
    /// Of the event that it failed at.
    package let position: Int
    package let eventType: String
    package let message: String
    /// RFC 3339.
    package let parkedAt: String

    /// The line of apply.sql that failed, where the message says so.
    package var line: Int {
      guard let range = message.firstRange(of: "/apply.sql:") else { return 1 }
      return Int(message[range.upperBound...].prefix { $0.isNumber }) ?? 1
    }
  }

  /// What the last comparison with a fresh fold has found.
  package struct Proof: Sendable {
    /// RFC 3339.
    package let provedAt: String
    /// In seconds, when the build was read.
    let age: Int
    package let position: Int
    /// Nil where both were the same.
    package let problem: String?
  }

  static let columns = """
    build_id, projection, generation, schema_name, category, position, state, failure, source::text,
    (SELECT json_agg(json_build_array(scope, p.position, event_type, message, \(rfc3339("parked_at"))) ORDER BY scope)
       FROM projection.parked p WHERE p.build_id = b.build_id),
    \(rfc3339("proved_at")), proved_position, proof_problem,
    extract(epoch FROM now() - proved_at)::bigint
    """

  private static func rfc3339(_ column: String) -> String {
    "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
  }

  init(_ rows: Rows, row: Int) {
    id = rows.int(row, 0)!
    projection = rows.text(row, 1)
    generation = rows.text(row, 2)
    schemaName = rows.text(row, 3)
    category = rows[row, 4]
    position = rows.int(row, 5)!
    state = rows.text(row, 6)
    failure = rows[row, 7]
    source = rows.text(row, 8)
    parked = Build.parked(rows[row, 9])
    proof = rows[row, 10].map {
      Proof(
        provedAt: $0, age: rows.int(row, 13)!, position: rows.int(row, 11)!, problem: rows[row, 12])
    }
  }

  private static func parked(_ json: String?) -> [Parked] {
    let rows = json.flatMap { try? JSON.parse($0) }?.array ?? []
    return rows.map { row in
      Parked(
        scope: row[0]?.string.flatMap { UUID($0) }, position: row[1]?.int ?? 0,
        eventType: row[2]?.string ?? "", message: row[3]?.string ?? "",
        parkedAt: row[4]?.string ?? "")
    }
  }

  /// Why a scope's rows are not up to date, if they are not.
  func parking(of scope: UUID?) -> Parked? { parked.first { $0.scope == scope } }

  /// The folder that it was made from.
  var folder: ProjectionFolder? {
    guard let source = try? JSON.parse(source) else { return nil }
    return try? ProjectionFolder(name: projection, source: source)
  }

  /// The schema that the fold's `batch` is found in.
  var batchSchema: String {
    if category == nil { return "batch_all" }
    return parked.isEmpty ? "batch_category" : "batch_unparked"
  }

  /// The first column of its tables, that of the scope; nil where it is over all streams.
  var scopeColumn: String? { category.map { "\($0)_id" } }

  /// Whether it answers, or may soon: all of these are folded as events come.
  var isFolded: Bool { ["live", "previous", "held"].contains(state) }
}
