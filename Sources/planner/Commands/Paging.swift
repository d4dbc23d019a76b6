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

  /// Prints a view: one page, those asked for, or all.
  static func show(_ invocation: Invocation, _ listing: Listing) throws(Failure) {
    try pages(
      invocation, parameters(invocation, listing), member: "rows",
      all: listing.pages == .all || wantsAll(invocation),
      text: { (rows) throws(Failure) in try listing.text(rows, invocation.terminal) },
      ask: { (parameters) throws(Failure) in
        try invocation.session.view(listing.method, parameters)
      })
  }

  /// A view's parameters with the order and the page that were asked for.
  static func parameters(_ invocation: Invocation, _ listing: Listing) -> JSONObject {
    guard listing.pages == .asked else { return listing.parameters }
    return parameters(invocation, listing.parameters)
  }

  private static func parameters(
    _ invocation: Invocation, _ parameters: JSONObject
  ) -> JSONObject {
    let arguments = invocation.arguments
    var parameters = parameters
    if let sort = arguments["sort"] { parameters["sort"] = .string(sort) }
    parameters["cursor"] = arguments["cursor"].map { .string($0) }
    let limit = wantsAll(invocation) ? pageSize : arguments.integer("limit") ?? defaultLimit
    parameters["limit"] = .int(limit)
    return parameters
  }

  private static func wantsAll(_ invocation: Invocation) -> Bool {
    invocation.arguments.has("all") && !invocation.arguments.has("limit")
  }

  /// Prints pages of whatever answers with a list in `member` and, where there is more, `nextCursor`.
  static func pages(
    _ invocation: Invocation, _ parameters: JSONObject, member: String, empty: String,
    table: ([JSON]) -> Table, ask: (JSONObject) throws(Failure) -> JSON
  ) throws(Failure) {
    let terminal = invocation.terminal
    try pages(
      invocation, self.parameters(invocation, parameters), member: member,
      all: wantsAll(invocation),
      text: { (rows) throws(Failure) in
        rows.isEmpty ? [empty] : table(rows).lines(terminal.style, width: terminal.width)
      }, ask: ask)
  }

  private static func pages(
    _ invocation: Invocation, _ parameters: JSONObject, member: String, all: Bool,
    text: ([JSON]) throws(Failure) -> [String], ask: (JSONObject) throws(Failure) -> JSON
  ) throws(Failure) {
    var parameters = parameters
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
    for line in try text(rows) { invocation.terminal.print(line) }
    if next != nil { more(invocation.terminal, rows.count) }
  }

  private static func more(_ terminal: Terminal, _ count: Int) {
    terminal.complain(
      terminal.errorStyle.paint(
        "\(count) shown; there are more: --limit COUNT or --all", .quiet))
  }
}
