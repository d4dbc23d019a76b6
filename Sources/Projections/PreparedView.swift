internal import Postgres

/// A query of a live build with the columns that Postgres says it has: what is needed to run it and to
/// describe it.
struct PreparedView: Sendable {
  struct Column: Sendable, Equatable {
    let name: String
    let type: ValueType
    let isNullable: Bool
  }

  let query: ViewQuery
  let build: Build
  let columns: [Column]
  /// The `search_path` by which names mean the build's tables.
  let path: String
  /// The statement for all rows, or by order the ones for a first and a later page: made once, since their texts are
  /// long.
  private let allRows: Statement?
  private let pages: [String: (first: Statement, later: Statement)]

  /// Asks for the columns: the query on no rows, with all parameters null.
  static func probe(_ query: ViewQuery, of build: Build) -> [Query] {
    let statement = Statement(
      "SELECT * FROM (\(query.text)\n) AS q LIMIT 0", parameterTypes: parameterTypes(query))
    let nulls = [Parameter](repeating: nil, count: statement.parameterTypes.count)
    return [settings(build, scope: nil), Query(statement, nulls)]
  }

  init(_ query: ViewQuery, of build: Build, probed rows: Rows) throws(ProjectionRefusal) {
    func refusal(_ message: String) -> ProjectionRefusal {
      ProjectionRefusal(
        projection: build.projection, file: "queries/\(query.method).sql", line: 1, message: message
      )
    }
    var columns: [Column] = []
    for index in 0..<rows.columnCount {
      let name = rows.columnName(index)
      guard let type = ValueType(objectID: rows.columnType(index)) else {
        throw refusal(
          "column \(name) has a type that is not served; these are: int8, numeric, boolean, uuid, text, date, timestamptz, text[], jsonb"
        )
      }
      guard ViewsInterface.isFieldName(name) else {
        throw refusal("column `\(name)` is no field name: letters and digits, a letter first")
      }
      guard !columns.contains(where: { $0.name == name }) else {
        throw refusal("column \(name) occurs twice")
      }
      columns.append(Column(name: name, type: type, isNullable: !query.neverNull.contains(name)))
    }
    let names = Set(columns.map(\.name))
    for name in query.neverNull.sorted() where !names.contains(name) {
      throw refusal("`never null` names \(name), which is no column")
    }
    for order in query.orders {
      for key in order.keys where !names.contains(key.column) {
        throw refusal("`pages by \(order.name)` names \(key.column), which is no column")
      }
    }
    self.init(query: query, build: build, columns: columns)
  }

  /// The same on the build at a later position, or as the live one.
  func moved(to build: Build) -> PreparedView {
    PreparedView(query: query, build: build, columns: columns)
  }

  private init(query: ViewQuery, build: Build, columns: [Column]) {
    self.query = query
    self.build = build
    self.columns = columns
    path = PreparedView.path(build)
    allRows = query.pages ? nil : PreparedView.allRowsStatement(query)
    let types = Dictionary(uniqueKeysWithValues: columns.map { ($0.name, $0.type) })
    pages = Dictionary(
      uniqueKeysWithValues: query.orders.map { order in
        func statement(_ afterCursor: Bool) -> Statement {
          PreparedView.pageStatement(query, order, types, afterCursor: afterCursor)
        }
        return (order.name, (statement(false), statement(true)))
      })
  }

  /// The statement that answers in an order, or gives all rows.
  func statement(_ order: PageOrder?, afterCursor: Bool) -> Statement {
    guard let order, let page = pages[order.name] else { return allRows! }
    return afterCursor ? page.later : page.first
  }

  static func parameterTypes(_ query: ViewQuery) -> [UInt32] {
    query.parameters.map(\.type.objectID) + (query.usesNow ? [ValueType.timestamptz.objectID] : [])
  }

  /// Whose rows the session may see and which tables names mean, until the end of the transaction.
  static func settings(_ build: Build, scope: String?) -> Query {
    settingsStatement(.text(path(build)), .text(scope ?? ""))
  }

  private static func path(_ build: Build) -> String { quoted(build.schemaName) }

  private static let settingsStatement = Statement(
    "SELECT set_config('search_path', $1, true), set_config('plannerd.scope', $2, true)")

  /// The build, and whose rows may be seen until the end of the statement: what refers to `scope_set` comes after that. No row
  /// where names mean another build's tables. The parameters are the build, the scope and the path.
  private static func source(firstParameter first: Int) -> (from: String, condition: String) {
    (
      "projection.builds AS b CROSS JOIN set_config('plannerd.scope', $\(first + 1), true) AS scope_set",
      "b.build_id = $\(first) AND ($\(first + 2) IS NULL OR current_setting('search_path') = $\(first + 2))"
    )
  }

  private static let sourceTypes: [ValueType] = [.bigint, .text, .text]

  /// Rows and checkpoint in one statement, hence of one snapshot: the position, then for a query without
  /// pages all rows as one JSON array.
  private static func allRowsStatement(_ query: ViewQuery) -> Statement {
    let types = PreparedView.parameterTypes(query)
    let source = source(firstParameter: types.count + 1)
    return Statement(
      """
      SELECT b.position, (SELECT coalesce(json_agg(row_to_json(q)), '[]'::json) FROM (\(query.text)
      ) AS q WHERE scope_set IS NOT NULL)
        FROM \(source.from) WHERE \(source.condition)
      """, parameterTypes: types + sourceTypes.map(\.objectID))
  }

  /// A page: the position, a row as JSON, and the values of its order's keys, as many rows as are asked for.
  private static func pageStatement(
    _ query: ViewQuery, _ order: PageOrder, _ columnTypes: [String: ValueType], afterCursor: Bool
  ) -> Statement {
    let types = PreparedView.parameterTypes(query)
    let source = source(firstParameter: types.count + 1)
    let limit = types.count + 1 + sourceTypes.count
    let keyTypes = order.keys.map { columnTypes[$0.column]! }
    let keys = order.keys.indices.map { "p.key\($0)" }.joined(separator: ", ")
    let keyColumns = order.keys.enumerated().map { "\(quoted($1.column))::text AS key\($0)" }
    let condition =
      afterCursor ? "AND (\(order.after(firstParameter: limit + 1, types: keyTypes)))" : ""
    return Statement(
      """
      SELECT b.position, p.row, \(keys)
        FROM \(source.from)
        LEFT JOIN LATERAL (
          SELECT row_to_json(q) AS row, \(keyColumns.joined(separator: ", ")),
                 row_number() OVER (ORDER BY \(order.sql)) AS ordinal
            FROM (\(query.text)
            ) AS q WHERE scope_set IS NOT NULL \(condition)
           ORDER BY \(order.sql) LIMIT $\(limit)) AS p ON true
       WHERE \(source.condition)
       ORDER BY p.ordinal
      """,
      parameterTypes: types + (sourceTypes + [.bigint]).map(\.objectID)
        + (afterCursor ? order.keys.map { _ in ValueType.text.objectID } : []))
  }
}
