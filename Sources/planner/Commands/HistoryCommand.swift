import JSON
import Scalars

/// `planner history`.
enum HistoryCommand {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "history", "List the commands that changed something, the newest first",
      options: Paging.options(sorts: ["newest", "oldest"]) + Listing.options,
      details: """
        The ids are what planner undo takes. Example:
          planner history --limit 10
        """, run: run)
  ]

  @Sendable static func run(_ invocation: Invocation) throws(Failure) {
    let words = CommandWords(invocation.session)
    let clock = invocation.session.clock
    let listing = Listing(
      "History", ["sort": "newest"], pages: .asked, empty: "No commands yet."
    ) { (rows, _) throws(Failure) in
      try words.read(rows)
      return table(rows, words, clock)
    }
    try invocation.show(listing)
  }

  private static func table(_ rows: [JSON], _ words: CommandWords, _ clock: Clock) -> Table {
    let ids = rows.compactMap { $0["commandId"]?.string }
    let length = ShortID.length(ids)
    var table = Table([
      .init("ID"), .init("When"), .init("What", least: 24), .init("Undone by"), .init("Undoes"),
      .init("Position", alignRight: true),
    ])
    for row in rows {
      let isUndone = row["undone"]?.bool == true
      let id = row["commandId"]?.string ?? ""
      table.add([
        Cell(String(id.prefix(length)), .quiet),
        Cell(
          ThemeCommands.instant(row["recordedAt"]).map {
            "\(clock.local.date($0)) \(clock.local.clock($0))"
          }), Cell(words.text(id), isUndone ? .quiet : .plain),
        Cell(row["undoneBy"]?.string.map { String($0.prefix(length)) }, .poor),
        Cell(undoes(row, length), .quiet), Cell(row["position"]?.int.map { "\($0)" }, .quiet),
      ])
    }
    return table
  }

  private static func undoes(_ row: JSON, _ length: Int) -> String {
    let ids = (row["undoes"]?.array ?? []).compactMap(\.string)
    let shown = ids.prefix(2).map { String($0.prefix(length)) }.joined(separator: ", ")
    return ids.count > 2 ? "\(shown) and \(ids.count - 2) more" : shown
  }
}

extension Session {
  /// The rows of the view History, the newest first, page by page until `body` gives false.
  func history(
    _ parameters: JSONObject = [:], body: (JSON) -> Bool
  ) throws(Failure) {
    var parameters = parameters
    parameters["sort"] = "newest"
    parameters["limit"] = 100
    while true {
      let reply = try view("History", parameters)
      for row in reply["rows"]?.array ?? [] where !body(row) { return }
      guard let next = reply["nextCursor"] else { return }
      parameters["cursor"] = next
      parameters["limit"] = .int(Paging.maxLimit)
    }
  }

  /// The row of a command that an id or the beginning of one names.
  func command(_ text: String) throws(Failure) -> JSON {
    let folded = text.lowercased()
    guard NameResolver.looksLikeID(text) else {
      throw .usage("“\(text)” is no command's id; planner history lists them")
    }
    var found: [JSON] = []
    let parameters: JSONObject = UUID(text).map { ["commandId": .string($0.description)] } ?? [:]
    try history(parameters) { row in
      if row["commandId"]?.string?.hasPrefix(folded) == true { found.append(row) }
      return true
    }
    guard let row = found.first else {
      throw Failure(.notFound, "no command “\(text)”; planner history lists them")
    }
    guard found.count == 1 else {
      let ids = found.prefix(10).compactMap { $0["commandId"]?.string }
      throw Failure(
        .ambiguous, "“\(text)” means \(found.count) commands:\n  \(ids.joined(separator: "\n  "))")
    }
    return row
  }
}
