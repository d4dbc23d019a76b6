internal import EventLoop
internal import Postgres

/// The statements of a query: one for each shape of question, so that Postgres plans each as if it were written for that
/// shape, and once.
///
/// With parameters for all, half of the time of a question to a view with many filters went to planning it.
@EventLoop
final class ViewStatements {
  /// What of a question decides how it is best answered.
  struct Shape: Hashable {
    /// Nil for a query that gives all rows.
    let order: String?
    let isAfterCursor: Bool
    /// The numbers of the parameters that are not given, from 1.
    let absent: Set<Int>
    /// Rows that are wanted at least.
    let rows: Int

    init(order: String? = nil, isAfterCursor: Bool = false, absent: Set<Int>, rows: Int = 0) {
      self.order = order
      self.isAfterCursor = isAfterCursor
      self.absent = absent
      // A few sizes: that a page is short decides how it is found, not whether it has 20 rows or 25.
      self.rows = Shape.sizes.first { $0 >= rows } ?? rows
    }

    private static let sizes = [0, 11, 21, 51, 101, 201, 501, 1_001]
  }

  private let query: ViewQuery
  private let columnTypes: [String: ValueType]
  private let absentParameters: AbsentParameters
  private var known: [Shape: Statement] = [:]

  /// Shapes that have statements of their own; each is a plan on each connection. The others share one.
  private static let mostShapes = 48

  nonisolated init(_ query: ViewQuery, types: [String: ValueType]) {
    self.query = query
    columnTypes = types
    absentParameters = AbsentParameters(query.text)
  }

  func statement(_ shape: Shape) -> Statement {
    if let known = known[shape] { return known }
    var common = shape
    if known.count >= ViewStatements.mostShapes || !absentParameters.areCertain {
      common = Shape(
        order: shape.order, isAfterCursor: shape.isAfterCursor, absent: [],
        rows: ViewReader.maxLimit + 1)
      if let known = known[common] { return known }
    }
    let statement = make(common)
    known[common] = statement
    return statement
  }

  private func make(_ shape: Shape) -> Statement {
    let absent = shape.absent.map { ($0, query.parameters[$0 - 1].type) }
    let text = absentParameters.text(without: Dictionary(uniqueKeysWithValues: absent))
    let order = shape.order.flatMap { name in query.orders.first { $0.name == name } }
    guard let order else { return allRows(text) }
    return page(text, order, shape)
  }

  /// The build, and whose rows may be seen until the end of the statement: what refers to `scope_set` comes after that. No row
  /// where names mean another build's tables. The parameters are the build, the scope and the path.
  private var source: (from: String, condition: String) {
    let first = parameterCount + 1
    return (
      "projection.builds AS b CROSS JOIN set_config('plannerd.scope', $\(first + 1), true) AS scope_set",
      "b.build_id = $\(first) AND ($\(first + 2) IS NULL OR current_setting('search_path') = $\(first + 2))"
    )
  }

  private static let sourceTypes: [ValueType] = [.bigint, .text, .text]

  private var parameterTypes: [UInt32] { PreparedView.parameterTypes(query) }
  private var parameterCount: Int { parameterTypes.count }
  private var allTypes: [UInt32] { parameterTypes + ViewStatements.sourceTypes.map(\.objectID) }

  /// Rows and checkpoint in one statement, hence of one snapshot: the position, then all rows as one JSON array.
  private func allRows(_ text: String) -> Statement {
    Statement(
      """
      SELECT b.position, (SELECT coalesce(json_agg(row_to_json(q)), '[]'::json) FROM (\(text)
      ) AS q WHERE scope_set IS NOT NULL)
        FROM \(source.from) WHERE \(source.condition)
      """, parameterTypes: allTypes)
  }

  /// A page: the position, a row as JSON, and the values of its order's keys. Rows become JSON after the others are left out.
  private func page(_ text: String, _ order: PageOrder, _ shape: Shape) -> Statement {
    let keyTypes = order.keys.map { columnTypes[$0.column]! }
    let keys = order.keys.indices.map { "p.key\($0)" }.joined(separator: ", ")
    let keyColumns = order.keys.enumerated().map { "\(quoted($1.column))::text AS key\($0)" }
    let condition =
      shape.isAfterCursor
      ? "AND (\(order.after(firstParameter: allTypes.count + 1, types: keyTypes)))" : ""
    return Statement(
      """
      SELECT b.position, p.row, \(keys)
        FROM \(source.from)
        LEFT JOIN LATERAL (
          SELECT row_to_json(q) AS row, \(keyColumns.joined(separator: ", ")),
                 row_number() OVER (ORDER BY \(order.sql)) AS ordinal
            FROM (SELECT * FROM (\(text)
            ) AS q WHERE scope_set IS NOT NULL \(condition)
           ORDER BY \(order.sql) LIMIT \(shape.rows)) AS q) AS p ON true
       WHERE \(source.condition)
       ORDER BY p.ordinal
      """,
      parameterTypes: allTypes
        + (shape.isAfterCursor ? order.keys.map { _ in ValueType.text.objectID } : []))
  }
}
