/// The definition of `org.plannerd.views`, derived from the query files.
enum ViewsInterface {
  static let name = "org.plannerd.views"

  /// `commands` are the definitions of the type Command and of those that it is made of.
  static func definition(_ views: [PreparedView], commands: String) -> String {
    let methods = views.sorted { $0.query.method < $1.query.method }.map(method)
    return ([header, types, commands] + methods + [history, errors]).joined(separator: "\n\n")
      + "\n"
  }

  /// Parameters that methods have without their files saying so.
  static let ownParameters: Set<String> = [
    "atLeast", "asOf", "whatIf", "sort", "limit", "cursor",
  ]

  /// Whether a method could not have this name, since an error has it or the type of a method's rows may.
  static func isTaken(_ method: String) -> Bool {
    method.hasSuffix("Row") || [types, history, errors].contains { defines(method, $0) }
  }

  /// Whether a part of a definition defines something of that name.
  static func defines(_ name: String, _ definition: String) -> Bool {
    definition.split(separator: "\n").contains {
      $0.hasPrefix("error \(name) (") || $0.hasPrefix("type \(name) (")
        || $0.hasPrefix("method \(name)(")
    }
  }

  /// Whether a field of an interface definition may have this name: `[A-Za-z](_?[A-Za-z0-9])*`.
  static func isFieldName(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic else {
      return false
    }
    return !name.hasSuffix("_") && !name.contains("__")
      && name.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_")
      }
  }

  private static let header = """
    # The views: a method for each query file of the projections. `planner` absent means the caller's own; with `atLeast` a query
    # waits until that position of the log is in the view. Without it the answer has what was written on the same connection,
    # and by its user before it was made; what is written meanwhile elsewhere shows within half a second, on a machine that
    # keeps up. `position` is how far the log is in the answer. `asOf` asks about the past. `whatIf` asks what would be: the
    # answer is as if its commands had been applied to the planner now, and nothing is written; one that would be refused is
    # InvalidInput. Called with `more` a method answers again whenever its rows have changed, the newest state to a reader who
    # is slow. Where a method pages: at most `limit` rows (100, at most 1,000); `nextCursor`, given as `cursor`, continues.
    # Instants are RFC 3339 strings, dates YYYY-MM-DD, ids UUIDs.
    interface org.plannerd.views
    """

  private static let types = """
    # A moment: exactly one of a position of the log and an instant, which means the last event that had been recorded
    # by then. What the rows are as of it is what the view answered then, its `now` included: the instant, or when the
    # position's event was recorded.
    type AsOf (position: ?int, instant: ?string)
    """

  private static let history = """
    # What became of a column: JSON texts of its values, absent where there was no row.
    type ColumnChange (name: string, before: ?string, after: ?string)

    # An event that changed a row, who wrote it and when, and the columns that it changed.
    type RowChange (
      position: int,
      type: string,
      commandId: string,
      personId: string,
      uid: int,
      pid: int,
      recordedAt: string,
      occurredAt: string,
      columns: []ColumnChange
    )

    # The events that made a row of a view what it is now, or as of a moment: the newest `limit` (20, at most 1,000),
    # newest first. `method` is the view's, `parameters` are its own, `key` is the value of the row's key, or the values
    # with commas between them; with `column` only what changed that one. `row` is absent where there is none by then.
    # complete: there are no others; false where the limit or the time for the search was reached.
    method Why(
      method: string,
      parameters: ?object,
      planner: ?string,
      key: string,
      column: ?string,
      asOf: ?AsOf,
      limit: ?int
    ) -> (position: int, row: ?object, changes: []RowChange, complete: bool)

    # A row that is not the same at two moments. kind is added, gone or changed; events are those between that
    # changed it, newest first, ten at most. A row may change by the clock alone.
    type RowDifference (
      key: string,
      kind: string,
      before: ?object,
      after: ?object,
      columns: []string,
      events: []RowChange
    )

    # The rows of a view that differ between two moments, by their keys, at most `limit` (100, at most 1,000); `until`
    # absent means now. With `whatIf` in place of `until`: between a moment, or now, and what would be, without events.
    # complete: these are all rows, with all their events.
    method Changes(
      method: string,
      parameters: ?object,
      planner: ?string,
      since: ?AsOf,
      until: ?AsOf,
      whatIf: ?[]Command,
      limit: ?int
    ) -> (since: int, until: int, rows: []RowDifference, complete: bool)
    """

  private static let errors = """
    error PlannerNotFound (planner: string)
    # A parameter that has the right type and a wrong value.
    error InvalidInput (parameter: string, rule: string, message: string)
    # `atLeast` was not reached in time; position is how far the view is.
    error NotYetVisible (position: int)
    # The view is not folded for this planner (for all, where absent) since the event at position, at which it failed.
    error Parked (projection: string, planner: ?string, position: int, message: string)
    error NotPermitted (method: string)
    error DatabaseUnavailable (message: string, outcomeUnknown: bool)
    error ReplyTooLarge (bytes: int, limit: int)
    error Fault (message: string)
    """

  private static func method(_ view: PreparedView) -> String {
    let query = view.query
    let row = "\(query.method)Row"
    let fields = view.columns.map { "  \($0.name): \($0.isNullable ? "?" : "")\($0.type.varlink)" }
    var parameters = query.parameters.map { parameter in
      let optional = parameter.isOptional || parameter.name == "planner"
      return "\(parameter.name): \(optional ? "?" : "")\(parameter.type.varlink)"
    }
    parameters += ["atLeast: ?int", "asOf: ?AsOf", "whatIf: ?[]Command"]
    if query.orders.count > 1 { parameters.append("sort: ?string") }
    if query.pages { parameters += ["limit: ?int", "cursor: ?string"] }
    let orders = query.orders.map(\.name).joined(separator: ", ")
    var comment = query.documentation
    if query.orders.count > 1 { comment.append("sort: \(orders).") }
    let lines = comment.map { $0.isEmpty ? "#" : "# \($0)" }
    return """
      type \(row) (
      \(fields.joined(separator: ",\n"))
      )

      \(lines.joined(separator: "\n"))
      method \(query.method)(
        \(parameters.joined(separator: ",\n  "))
      ) -> (position: int, rows: []\(row)\(query.pages ? ", nextCursor: ?string" : ""))
      """
  }
}
