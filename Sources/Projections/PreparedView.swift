internal import EventLoop
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
  private let statements: ViewStatements

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
          "column \(name) has a type that is not served; these are: int8, numeric, float8, boolean, uuid, text, date, timestamptz, text[], jsonb"
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
    statements = ViewStatements(
      query, types: Dictionary(uniqueKeysWithValues: columns.map { ($0.name, $0.type) }))
  }

  /// The statement for a question, whose parameters are those of the query, the build, the scope, the path and the values of
  /// a cursor.
  @EventLoop
  func statement(_ shape: ViewStatements.Shape) -> Statement { statements.statement(shape) }

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
}
