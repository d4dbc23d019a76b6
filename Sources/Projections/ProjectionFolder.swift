internal import EventLog
internal import Files
internal import JSON

/// Why a folder is not served: the file, the line (from 1) and what is wrong with it.
package struct ProjectionRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  package let projection: String
  /// Path below the projection's folder.
  package let file: String
  package let line: Int
  package let message: String

  package var description: String { "\(projection)/\(file):\(line): \(message)" }
}

/// A folder of SQL as it was read: what a projection is made of.
package struct ProjectionFolder: Sendable, Equatable {
  package let name: String
  /// The category of streams whose events it folds, which is also the scope of its rows; nil for all.
  package let category: String?
  package let tableSQL: String
  package let applySQL: String
  /// Hash of table.sql and apply.sql: what decides whether a build must be made anew.
  package let generation: String
  package let queries: [ViewQuery]

  /// Reads a folder and checks what can be checked without Postgres.
  package init(name: String, at path: String) throws(ProjectionRefusal) {
    guard ProjectionFolder.isName(name) else {
      throw ProjectionRefusal(
        projection: name, file: "", line: 1,
        message: "a projection's name is 1 to 40 lower-case letters, digits and _, a letter first")
    }
    func read(_ file: String) throws(ProjectionRefusal) -> String {
      do {
        return try Files.read("\(path)/\(file)")
      } catch {
        throw ProjectionRefusal(projection: name, file: file, line: 1, message: "\(error)")
      }
    }
    var files = ["table.sql": try read("table.sql"), "apply.sql": try read("apply.sql")]
    let queries = ((try? Files.list("\(path)/queries")) ?? []).filter { $0.hasSuffix(".sql") }
    for file in queries { files["queries/\(file)"] = try read("queries/\(file)") }
    try self.init(name: name, files: files)
  }

  /// The folder with these files, by their paths.
  init(name: String, files: [String: String]) throws(ProjectionRefusal) {
    self.name = name
    tableSQL = files["table.sql"] ?? ""
    applySQL = files["apply.sql"] ?? ""
    category = try ProjectionFolder.scope(of: tableSQL, name)
    for (file, text) in [("table.sql", tableSQL), ("apply.sql", applySQL)] {
      try Determinism.check(text, file: file, projection: name)
    }
    generation = Hashing.hex(
      Hashing.sha256(Array("\(tableSQL.utf8.count):\(tableSQL)\(applySQL)".utf8)))
    var queries: [ViewQuery] = []
    for (file, text) in files.sorted(by: { $0.key < $1.key }) where file.hasPrefix("queries/") {
      try Determinism.check(text, file: file, projection: name)
      queries.append(
        try ViewQuery(file: file, text: text, projection: name, isScoped: category != nil))
    }
    self.queries = queries
  }

  /// The files, as a build keeps them.
  var source: JSON {
    var object: JSONObject = ["table.sql": .string(tableSQL), "apply.sql": .string(applySQL)]
    for query in queries { object["queries/\(query.method).sql"] = .string(query.text) }
    return .object(object)
  }

  /// The folder that a build was made from.
  init(name: String, source: JSON) throws(ProjectionRefusal) {
    let members = source.object?.members ?? []
    let files = members.map { ($0.name, $0.value.string ?? "") }
    try self.init(name: name, files: Dictionary(uniqueKeysWithValues: files))
  }

  /// `-- scope: planner` on the first line.
  private static func scope(of tableSQL: String, _ name: String) throws(ProjectionRefusal)
    -> String?
  {
    let first = tableSQL.split(separator: "\n", omittingEmptySubsequences: false).first ?? ""
    guard first.hasPrefix("-- scope:") else {
      throw ProjectionRefusal(
        projection: name, file: "table.sql", line: 1,
        message: "the first line must be `-- scope: CATEGORY` (such as planner) or `-- scope: all`")
    }
    let scope = trimmed(first.dropFirst("-- scope:".count))
    guard isName(scope) else {
      throw ProjectionRefusal(
        projection: name, file: "table.sql", line: 1,
        message: "`\(scope)` is no category of streams")
    }
    return scope == "all" ? nil : scope
  }

  private static func isName(_ text: String) -> Bool {
    guard (1...40).contains(text.utf8.count), let first = text.utf8.first else { return false }
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    return letters.contains(first)
      && text.utf8.allSatisfy {
        letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_")
      }
  }
}

/// A text without white space at its ends.
func trimmed(_ text: some StringProtocol) -> String {
  let tail = text.drop { $0.isWhitespace }
  guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
  return String(tail[...last])
}

/// Refuses SQL whose result would depend on when it runs.
enum Determinism {
  /// Words that stand for the clock or for chance, as they would be called.
  private static let words: Set<String> = [
    "now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "random",
    "gen_random_uuid", "nextval", "current_timestamp", "current_date", "current_time", "localtime",
    "localtimestamp", "setval", "txid_current", "pg_current_xact_id", "current_user",
    "session_user",
  ]

  static func check(_ sql: String, file: String, projection: String) throws(ProjectionRefusal) {
    for (index, line) in sql.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let code = lineWithoutComment(line)
      for word in code.lowercased().split(whereSeparator: {
        !($0.isLetter || $0.isNumber || $0 == "_")
      }) {
        guard words.contains(String(word)) else { continue }
        throw ProjectionRefusal(
          projection: projection, file: file, line: index + 1,
          message:
            "`\(word)` depends on when it runs; use occurred_at or recorded_at of the event, or `-- now` in a query"
        )
      }
    }
  }

  /// The line up to `--`, without what stands in quotes.
  private static func lineWithoutComment(_ line: Substring) -> String {
    var code = ""
    var quote: Character?
    var previous: Character = " "
    for character in line {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "-" && previous == "-" {
        return code
      } else {
        code.append(character)
      }
      previous = character
    }
    return code
  }
}
