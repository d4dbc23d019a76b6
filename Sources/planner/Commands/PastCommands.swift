import JSON

/// `planner why` and `planner changes`: the events behind a row, and what differs between two moments.
enum PastCommands {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "why", "Show the events that made a row what it is",
      positionals: [
        PositionalSpec("VIEW", .view, "Such as tasks or themes, or the name of a method"),
        PositionalSpec("KEY", .text("KEY"), "A name, an id, or the row's key (parts with commas)"),
        PositionalSpec("COLUMN", .text("COLUMN"), count: .optional, "Only what changed this one"),
      ],
      options: [
        Listing.options[0],
        OptionSpec("limit", .integer("COUNT", 1...Paging.maxLimit), "At most so many events (20)"),
      ],
      details: """
        The newest first, each with who did it, when, and what it changed.
        Examples:
          planner why themes Sleep
          planner why themes Sleep ratingPercent --at "last tuesday 9am"
          planner why trend Health,2026-11-20
        """, run: why),
    CommandSpec(
      "changes", "Show what differs in a view between two moments, and by which events",
      positionals: [ViewWords.positional],
      options: [
        OptionSpec("since", .moment, "From this moment on"),
        OptionSpec("until", .moment, "Up to this moment; now, if absent"),
        OptionSpec("limit", .integer("COUNT", 1...Paging.maxLimit), "At most so many rows (100)"),
      ],
      details: """
        A moment is a position of the log (1234 or #1234) or a time of the past; a date alone is the
        beginning of that day.
        Examples:
          planner changes themes --since yesterday
          planner changes --since -1w -- tasks --theme Sleep
        """, run: changes),
  ]

  @Sendable static func why(_ invocation: Invocation) throws(Failure) {
    let session = invocation.session
    let method = try ViewNames.method(invocation.required("VIEW"))
    let text = invocation.required("KEY")
    var parameters: JSONObject = ["method": .string(method)]
    parameters["key"] = .string(try ViewNames.key(text, of: method, session))
    parameters["column"] = invocation.arguments["COLUMN"].map { .string($0) }
    parameters["asOf"] = try invocation.moment("at")?.json
    parameters["limit"] = invocation.arguments.integer("limit").map { .int($0) }
    let reply = try session.past("Why", parameters)
    let events = reply["changes"]?.array ?? []
    let hasRow = reply["row"]?.object != nil
    guard hasRow || !events.isEmpty else {
      throw Failure(.notFound, "no row “\(text)” was ever in \(ViewNames.word(method))")
    }
    let terminal = invocation.terminal
    if session.options.json { return terminal.print(reply.text) }
    let difference = DifferenceText(session.clock.local, terminal.style)
    let name = difference.values.name(reply["row"], key: text)
    let state = hasRow ? "at position" : "is not in \(ViewNames.word(method)) at position"
    let heading = "\(name) \(state) \(reply["position"]?.int ?? 0)"
    terminal.print(terminal.style.paint(TextWidth.sanitized(heading), .heading))
    for line in events.flatMap(difference.event) { terminal.print(line) }
    if reply["complete"]?.bool == false {
      terminal.complain(
        terminal.errorStyle.paint("There are earlier events: --limit COUNT", .quiet))
    }
  }

  @Sendable static func changes(_ invocation: Invocation) throws(Failure) {
    guard let since = try invocation.moment("since") else {
      throw .usage("--since is missing: from which moment on?")
    }
    var moments: JSONObject = ["since": since.json]
    moments["until"] = try invocation.moment("until")?.json
    moments["limit"] = invocation.arguments.integer("limit").map { .int($0) }
    try ViewWords.run(invocation.arguments.all("VIEW"), invocation, .changes(moments))
  }
}
