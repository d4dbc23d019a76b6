internal import Postgres

/// Finds the file and line of a folder that an error of Postgres is about.
struct ErrorLocation {
  let refusal: ProjectionRefusal

  init(_ error: PostgresError, in folder: ProjectionFolder) {
    let context = error.context ?? ""
    var file = "table.sql"
    var line = 1
    if let applyLine = ErrorLocation.applyLine(context) {
      file = "apply.sql"
      line = applyLine
    } else if let query = error.internalQuery, query.contains(folder.applySQL) {
      // The body of apply(), which starts on the file's first line.
      file = "apply.sql"
    }
    if let query = error.internalQuery, let position = error.internalPosition {
      line += ErrorLocation.line(position, query) - 1
    }
    refusal = ProjectionRefusal(
      projection: folder.name, file: file, line: line, message: error.description)
  }

  /// The line of `PL/pgSQL function … apply() line 12 at SQL statement`.
  private static func applyLine(_ context: String) -> Int? {
    for line in context.split(separator: "\n") where line.contains("apply() line ") {
      return number(after: "apply() line ", String(line))
    }
    return nil
  }

  private static func number(after marker: String, _ text: String) -> Int? {
    guard let range = text.firstRange(of: marker) else { return nil }
    return Int(text[range.upperBound...].prefix { $0.isNumber })
  }

  /// The line, from 1, of a character position, from 1.
  private static func line(_ position: Int, _ text: String) -> Int {
    1 + text.unicodeScalars.prefix(max(0, position - 1)).count { $0 == "\n" }
  }
}
