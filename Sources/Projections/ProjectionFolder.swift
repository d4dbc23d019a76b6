internal import EventLog
internal import Files
internal import JSON

/// Why a folder is not served: the file, the line (from 1) and what is wrong with it.
package struct ProjectionRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  package let projection: String
  /// Path below the projection's folder; empty where none is to blame. Where the folder of all of them cannot be read,
  /// that one's path, and `projection` is empty.
  package let file: String
  package let line: Int
  package let message: String

  package var description: String {
    if file.isEmpty { return "\(projection): \(message)" }
    return projection.isEmpty ? message : "\(projection)/\(file):\(line): \(message)"
  }
}

/// A folder of SQL as it was read: what a projection is made of.
package struct ProjectionFolder: Sendable, Equatable {
  package let name: String
  /// The category of streams whose events it folds, which is also the scope of its rows; nil for all.
  package let category: String?
  /// Tables that are only added to.
  package let series: [String]
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
    series = ProjectionFolder.series(of: tableSQL)
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
        message: "the first line must be `-- scope: planner` or `-- scope: all`")
    }
    let scope = trimmed(first.dropFirst("-- scope:".count))
    // Nobody could ask for the rows of other streams: methods answer whose planner is meant.
    guard ["planner", "all"].contains(scope) else {
      throw ProjectionRefusal(
        projection: name, file: "table.sql", line: 1,
        message: "the scope is planner or all, not `\(scope)`")
    }
    return scope == "all" ? nil : scope
  }

  /// `-- series: ratings, names` on the second line, if there is one.
  private static func series(of tableSQL: String) -> [String] {
    let lines = tableSQL.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    guard lines.count > 1, lines[1].hasPrefix("-- series:") else { return [] }
    return lines[1].dropFirst("-- series:".count).split(separator: ",").map { trimmed($0) }
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
