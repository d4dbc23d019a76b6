/// Why a statement or a connection failed, as Postgres or libpq says it. Statements' parameters are not in
/// its text.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
  /// The five characters of the SQL standard; nil where the connection failed before or without a word
  /// of the server.
  package let sqlState: String?
  package let message: String
  package var detail: String?
  package var hint: String?
  /// The functions and statements that the error came through.
  package var context: String?
  /// The character in the statement at which the error was found, from 1.
  package var position: Int?
  /// The same within the statement of a function, and that statement.
  package var internalPosition: Int?
  package var internalQuery: String?
  /// What the server said on the way to the error (NOTICE, WARNING).
  package var notices: [String] = []
  /// True where the connection was lost after the statement left, so that it may have been committed.
  package var outcomeUnknown = false

  package init(sqlState: String?, message: String) {
    self.sqlState = sqlState
    self.message = message
  }

  /// No server to talk to: it is down, starting, stopping or full, or the connection was lost.
  package var isUnavailable: Bool {
    guard let sqlState else { return true }
    return sqlState.hasPrefix("08") || sqlState.hasPrefix("57P") || sqlState == "53300"
  }

  /// Nothing happened, and the same again may succeed: a serialization failure, a deadlock, or a statement whose
  /// preparation, by a transaction sent just before, failed.
  package var isRetryable: Bool { ["40001", "40P01", "26000"].contains(sqlState) }

  /// The data did not fit: class 22 (data exception) or 23 (integrity constraint violation).
  package var isDataError: Bool {
    guard let sqlState else { return false }
    return sqlState.hasPrefix("22") || sqlState.hasPrefix("23")
  }

  package var description: String {
    var text = sqlState.map { "\(message) (SQLSTATE \($0))" } ?? message
    if let detail { text += "; \(detail)" }
    if let hint { text += "; \(hint)" }
    return text
  }
}
