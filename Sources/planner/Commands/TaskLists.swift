import JSON
import Scalars

/// `planner tasks`, `best`, `task show` and `removed`.
enum TaskLists {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "tasks", "List tasks, the newest first",
      options: [
        OptionSpec("pillar", .pillar, "Those of this pillar"),
        OptionSpec("theme", .theme, "Those of this theme"),
        OptionSpec("inbox", "Those without a theme"),
        OptionSpec("status", .choice(["open", "inProgress", "done"]), "Those of this status"),
        OptionSpec("actionable", "Those not done and not snoozed"),
        OptionSpec("snoozed", "Those snoozed now"),
        OptionSpec("tag", .text("TAG"), "Those with this tag"),
        OptionSpec("due-from", .time("DAY"), "Those due on this day or later"),
        OptionSpec("due-before", .time("DAY"), "Those due before this day"),
        OptionSpec("text", .text("TEXT"), "Those with this in title, description or notes"),
      ]
        + Paging.options(sorts: [
          "newest", "oldest", "due", "priority", "title", "rank", "updated",
        ]) + Listing.options, run: list),
    CommandSpec(
      "task show", "Show all about one task",
      positionals: [PositionalSpec("TASK", .task, "The task's title or id")],
      options: [Listing.options[0]], run: show),
    CommandSpec(
      "best", "List what to do next, with its score",
      options: [
        OptionSpec("limit", .integer("COUNT", 1...Paging.maxLimit), "At most so many (10)"),
        OptionSpec("terms", "Show what the score is made of"),
      ] + Listing.options, run: best),
    CommandSpec(
      "removed", "List what was removed", options: Paging.options() + Listing.options,
      run: removed),
  ]

  // MARK: Tasks

  @Sendable static func list(_ invocation: Invocation) throws(Failure) {
    let clock = invocation.session.clock
    let parameters = try filters(invocation)
    let filtered = !parameters.isEmpty
    try invocation.show(
      Listing(
        "Tasks", parameters, pages: .asked,
        empty: filtered
          ? "No tasks like that."
          : "No tasks. Add one with: planner task add \"TITLE\" --theme THEME",
        table: { table($0, idLength: $1, clock) }))
  }

  private static func filters(_ invocation: Invocation) throws(Failure) -> JSONObject {
    let arguments = invocation.arguments
    var parameters: JSONObject = [:]
    invocation.take(["status", "tag", "text"], into: &parameters)
    for flag in ["inbox", "snoozed", "actionable"] where arguments.has(flag) {
      parameters[flag] = true
    }
    if let name = arguments["pillar"] {
      parameters["pillarId"] = .string(try invocation.session.pillar(name).id)
    }
    if let name = arguments["theme"] {
      parameters["themeId"] = .string(try invocation.session.theme(name).id)
    }
    for (option, field) in [("due-from", "dueFrom"), ("due-before", "dueBefore")] {
      guard let when = try invocation.time(option) else { continue }
      let date = when.date ?? invocation.session.clock.local.date(when.instant)
      parameters[field] = .string(date.description)
    }
    return parameters
  }

  static func table(_ rows: [JSON], idLength: Int, _ clock: Clock) -> Table {
    var table = Table([
      .init("ID"), .init("Task", least: 20), .init("Theme", least: 8), .init("Due"),
      .init("P", alignRight: true), .init("I"), .init("Takes", alignRight: true), .init("Status"),
      .init("Tags", least: 6),
    ])
    for row in rows {
      table.add([
        Cell(row["taskId"]?.string.map { String($0.prefix(idLength)) }, .quiet), title(row),
        Cell(row["themeName"]?.string ?? "inbox", .quiet), due(row, clock), priority(row),
        Cell(row["impact"]?.string, row["impact"]?.string == "H" ? .important : .plain),
        Cell(takes(row)), status(row, clock), Cell(tags(row), .quiet),
      ])
    }
    return table
  }

  private static func title(_ row: JSON) -> Cell {
    Cell(row["title"]?.string, row["status"]?.string == "done" ? .done : .plain)
  }

  private static func due(_ row: JSON, _ clock: Clock) -> Cell {
    RelativeDate(task: row, clock).map { Cell($0.text, $0.tone) } ?? Cell("")
  }

  private static func priority(_ row: JSON) -> Cell {
    Cell(row["priority"]?.int.map(String.init), row["priority"]?.int == 5 ? .important : .plain)
  }

  private static func takes(_ row: JSON) -> String? {
    row["effortMinutes"]?.int.map { "\($0)m" } ?? row["timeEstimate"]?.string
  }

  private static func tags(_ row: JSON) -> String {
    (row["tags"]?.array ?? []).compactMap(\.string).map { "#\($0)" }.joined(separator: " ")
  }

  private static func status(_ row: JSON, _ clock: Clock) -> Cell {
    switch row["status"]?.string {
    case "done": return Cell("done", .done)
    case "inProgress": return Cell("in progress", .started)
    default: break
    }
    let until = ThemeCommands.instant(row["snoozedUntil"])
    if let until, until > clock.now() {
      return Cell("snoozed until \(clock.local.date(until))", .quiet)
    }
    return Cell(row["recurrence"] == nil ? "open" : "open, repeats")
  }

  // MARK: One task

  @Sendable static func show(_ invocation: Invocation) throws(Failure) {
    let task = try invocation.session.task(invocation.required("TASK"))
    let clock = invocation.session.clock
    // The row is at hand; it is asked for by itself where more is wanted of it.
    if case .rows = invocation.showing, !invocation.session.options.json {
      for line in lines(task.row, clock, invocation.terminal.style) {
        invocation.terminal.print(line)
      }
      return
    }
    let listing = Listing("Task", ["taskId": .string(task.id)], empty: "") { rows, terminal in
      rows.flatMap { lines($0, clock, terminal.style) }
    }
    try invocation.show(listing)
  }

  private static func lines(_ row: JSON, _ clock: Clock, _ style: Style) -> [String] {
    var lines = [style.paint(TextWidth.sanitized(row["title"]?.string ?? ""), .heading)]
    for (label, value, tone) in facts(row, clock) {
      let name = style.paint(label + String(repeating: " ", count: 12 - label.count), .quiet)
      lines.append("  \(name)\(style.paint(TextWidth.sanitized(value), tone))")
    }
    for field in ["description", "notes"] {
      guard let text = row[field]?.string else { continue }
      lines += ["", TextWidth.sanitized(text, keepingNewlines: true)]
    }
    return lines
  }

  private static func facts(_ row: JSON, _ clock: Clock) -> [(String, String, Tone)] {
    func moment(_ name: String) -> String? {
      ThemeCommands.instant(row[name]).map(clock.local.text)
    }
    let place = [row["pillarName"]?.string, row["themeName"]?.string].compactMap(\.self)
    let due = RelativeDate(task: row, clock)
    let dueAt = row["dueDate"]?.string ?? moment("dueAt") ?? ""
    let state = status(row, clock).pieces[0]
    let facts: [(String, String?, Tone)] = [
      ("id", row["taskId"]?.string, .plain),
      ("in", place.isEmpty ? "the inbox" : place.joined(separator: " › "), .plain),
      ("status", state.text, state.tone),
      ("due", due.map { $0.text == dueAt ? dueAt : "\(dueAt) (\($0.text))" }, due?.tone ?? .plain),
      ("priority", row["priority"]?.int.map { "\($0) of 5" }, .plain),
      ("impact", ["H": "high", "M": "medium", "L": "low"][row["impact"]?.string ?? ""], .plain),
      ("estimate", row["timeEstimate"]?.string, .plain),
      ("effort", row["effortMinutes"]?.int.map { Number.counted($0, "minute") }, .plain),
      ("tags", tags(row), .plain), ("repeats", repeats(row["recurrence"]), .plain),
      ("snoozed", moment("snoozedUntil").map { "until \($0)" }, .plain),
      ("completed", moment("completedAt"), .plain), ("created", moment("createdAt"), .quiet),
      ("updated", moment("updatedAt"), .quiet),
    ]
    return facts.compactMap { label, value, tone in
      value.flatMap { $0.isEmpty ? nil : (label, $0, tone) }
    }
  }

  private static func repeats(_ recurrence: JSON?) -> String? {
    guard let recurrence else { return nil }
    let switches = ["anchor", "catchUp", "gate"].compactMap { name in
      recurrence[name]?.string.map { "\(name) \($0)" }
    }
    return ([recurrence["rule"]?.string ?? recurrence.text] + switches).joined(separator: ", ")
  }

  // MARK: Best and removed

  @Sendable static func best(_ invocation: Invocation) throws(Failure) {
    let clock = invocation.session.clock
    let limit = invocation.arguments.integer("limit") ?? 10
    let withTerms = invocation.arguments.has("terms")
    let listing = Listing(
      "Best", ["limit": .int(limit)],
      empty: "Nothing to do. Add a task with: planner task add \"TITLE\""
    ) { rows, length in
      var table = Table(
        [
          .init("Score", alignRight: true), .init("Task", least: 20), .init("Theme", least: 8),
          .init("Due"), .init("P", alignRight: true), .init("I"), .init("Status"),
        ] + (withTerms ? terms.map { .init($0.title, alignRight: true) } : []) + [.init("ID")])
      for row in rows {
        table.add(
          [
            Cell(row["score"]?.number.map { Number.fixed($0, 3) }, .heading), title(row),
            Cell(row["themeName"]?.string ?? "inbox", .quiet), due(row, clock), priority(row),
            Cell(row["impact"]?.string, row["impact"]?.string == "H" ? .important : .plain),
            status(row, clock),
          ] + (withTerms ? terms.map { Cell(term(row, $0.term, $0.weight)) } : [])
            + [Cell(row["taskId"]?.string.map { String($0.prefix(length)) }, .quiet)])
      }
      return table
    }
    try invocation.show(listing)
  }

  private static let terms = [
    (title: "Urgency", term: "urgency", weight: "urgencyWeight"),
    (title: "Priority", term: "priorityTerm", weight: "priorityWeight"),
    (title: "Impact", term: "impactTerm", weight: "impactWeight"),
    (title: "Effort", term: "effortTerm", weight: "effortWeight"),
  ]

  /// `0.82 × 40 %`.
  private static func term(_ row: JSON, _ name: String, _ weight: String) -> String? {
    guard let value = row[name]?.number else { return nil }
    let share = row[weight]?.number.map { " × \(Number.text($0)) %" } ?? ""
    return Number.fixed(value, 2) + share
  }

  @Sendable static func removed(_ invocation: Invocation) throws(Failure) {
    let clock = invocation.session.clock
    let listing = Listing("Removed", pages: .asked, empty: "Nothing was removed.") { rows, _ in
      var table = Table([
        .init("Removed"), .init("Kind"), .init("Name", least: 20),
        .init("Position", alignRight: true), .init("ID"),
      ])
      for row in rows {
        table.add([
          Cell(ThemeCommands.instant(row["removedAt"]).map { RelativeDate.ago($0, clock) }),
          Cell(row["kind"]?.string), Cell(row["name"]?.string),
          Cell(row["position"]?.int.map(String.init)), Cell(row["id"]?.string, .quiet),
        ])
      }
      return table
    }
    try invocation.show(listing)
  }
}
