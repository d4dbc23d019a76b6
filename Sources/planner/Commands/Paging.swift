import JSON

/// Lists that may be long: a page at a time, or all of it.
enum Paging {
  static let defaultLimit = 100
  /// The largest page that the daemon gives.
  static let maxLimit = 1_000
  /// A page where all are wanted: large, and with long notes still below the bound of a reply.
  static let pageSize = 500

  static func options(sorts: [String] = []) -> [OptionSpec] {
    let sort =
      sorts.isEmpty
      ? [] : [OptionSpec("sort", .choice(sorts), "The order; \(sorts[0]) unless asked")]
    return sort + [
      OptionSpec("limit", .integer("COUNT", 1...maxLimit), "At most so many (\(defaultLimit))"),
      OptionSpec("all", "All there are, page after page"),
      OptionSpec(
        "cursor", .text("CURSOR"), "Go on where a page ended, by its nextCursor in --json"),
    ]
  }

  /// Prints pages of a view.
  static func list(
    _ invocation: Invocation, _ method: String, _ parameters: JSONObject, empty: String,
    table: ([JSON], Int) -> Table
  ) throws(Failure) {
    try pages(invocation, parameters, member: "rows", empty: empty, table: table) {
      parameters throws(Failure) in
      try invocation.session.view(method, parameters)
    }
  }

  /// Prints pages of whatever answers with a list in `member` and, where there is more, `nextCursor`.
  static func pages(
    _ invocation: Invocation, _ parameters: JSONObject, member: String, empty: String,
    table: ([JSON], Int) -> Table, ask: (JSONObject) throws(Failure) -> JSON
  ) throws(Failure) {
    let arguments = invocation.arguments
    var parameters = parameters
    if let sort = arguments["sort"] { parameters["sort"] = .string(sort) }
    parameters["cursor"] = arguments["cursor"].map { .string($0) }
    let all = arguments.has("all") && !arguments.has("limit")
    parameters["limit"] = .int(all ? pageSize : arguments.integer("limit") ?? defaultLimit)
    var rows: [JSON] = []
    var next: JSON?
    repeat {
      let reply = try ask(parameters)
      if invocation.session.options.json { invocation.terminal.print(reply.text) }
      rows += reply[member]?.array ?? []
      next = reply["nextCursor"]
      parameters["cursor"] = next
    } while all && next != nil
    if invocation.session.options.json { return }
    show(invocation.terminal, rows, empty: empty, table: table)
    if next != nil { more(invocation.terminal, rows.count) }
  }

  private static func show(
    _ terminal: Terminal, _ rows: [JSON], empty: String, table: ([JSON], Int) -> Table
  ) {
    if rows.isEmpty { return terminal.print(empty) }
    terminal.print(table(rows, ShortID.length(rows.compactMap { $0["taskId"]?.string })))
  }

  private static func more(_ terminal: Terminal, _ count: Int) {
    terminal.complain(
      terminal.errorStyle.paint(
        "\(count) shown; there are more: --limit COUNT or --all", .quiet))
  }
}
