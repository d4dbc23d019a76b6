import JSON
import Scalars

/// `planner task …`: what changes a task. `TaskLists` shows them.
enum TaskCommands {
  private static let task = PositionalSpec("TASK", .task, "The task's title or id")
  private static let tasks = PositionalSpec("TASK", .task, count: .oneOrMore, "Titles or ids")
  private static let title = PositionalSpec("TITLE", .text("TITLE"), "1 to 256 characters")
  private static let before = OptionSpec("before", .task, "Right before this task")
  private static let after = OptionSpec("after", .task, "Right after this task")

  static let specs: [CommandSpec] = [
    CommandSpec(
      "task add", "Add a task", positionals: [title],
      options: [OptionSpec("theme", .theme, "Its theme; without, the inbox")] + TaskFields.options
        + Change.options,
      details: """
        Examples:
          planner task add "Book the dentist" --theme Health --due friday --estimate 15m
          planner task add "Water the plants" --repeat "FREQ=WEEKLY" --due tomorrow --tag home
        """, run: add),
    CommandSpec(
      "task edit", "Change a task", positionals: [task],
      options: [OptionSpec("title", .text("TITLE"), "Its new title")] + TaskFields.options + [
        OptionSpec("add-tag", .text("TAG"), repeats: true, "A tag more"),
        OptionSpec("remove-tag", .text("TAG"), repeats: true, "A tag less"),
        OptionSpec(
          "clear", .choice(TaskFields.clearable.map(\.name)), repeats: true, "Empty a field"),
      ] + Change.options,
      details: "With --tag the tags given are all that it has.", run: edit),
    CommandSpec(
      "task done", "Complete tasks", positionals: [tasks], options: Change.options,
      run: { (invocation) throws(Failure) in try each(invocation, "completeTask", "Completed") }),
    CommandSpec(
      "task start", "Start tasks", positionals: [tasks], options: Change.options,
      run: { (invocation) throws(Failure) in try each(invocation, "startTask", "Started") }),
    CommandSpec(
      "task reopen", "Open completed tasks again", positionals: [tasks], options: Change.options,
      run: { (invocation) throws(Failure) in
        try each(invocation, "reopenTask", "Reopened", prefer: .finished)
      }),
    CommandSpec(
      "task snooze", "Hide a task from best until a time",
      positionals: [task, PositionalSpec("UNTIL", .time("TIME"), "Until when")],
      options: Change.options,
      details: """
        A date means the first moment of that day in local time.
        Examples:
          planner task snooze "Book the dentist" 2026-12-01
          planner task snooze "Book the dentist" 3d
        """, run: snooze),
    CommandSpec(
      "task wake", "Bring snoozed tasks back", positionals: [tasks], options: Change.options,
      run: { (invocation) throws(Failure) in try each(invocation, "wakeTask", "Woke") }),
    CommandSpec(
      "task rm", "Remove tasks", positionals: [tasks], options: Change.options,
      run: { (invocation) throws(Failure) in try each(invocation, "removeTask", "Removed") }),
    CommandSpec(
      "task move", "Move a task to another theme or place", positionals: [task],
      options: [
        OptionSpec("theme", .theme, "To this theme"), OptionSpec("inbox", "To the inbox"), before,
        after,
      ] + Change.options, run: move),
    CommandSpec(
      "task rank", "Move a task within its theme", positionals: [task],
      options: [before, after, OptionSpec("first", "To the top"), OptionSpec("last", "To the end")]
        + Change.options, run: rank),
  ]

  // MARK: Adding and changing

  @Sendable static func add(_ invocation: Invocation) throws(Failure) {
    let title = invocation.required("TITLE")
    let id = newID(invocation.session.clock)
    var fields: JSONObject = ["taskId": .string(id)]
    var place = "the inbox"
    if let name = invocation.arguments["theme"] {
      let theme = try invocation.session.theme(name)
      fields["themeId"] = .string(theme.id)
      place = theme.name
    }
    fields["title"] = .string(title)
    for member in try TaskFields.given(invocation).members { fields[member.name] = member.value }
    let due = RelativeDate(task: .object(fields), invocation.session.clock)
    let news = due.map { ", due \($0.text)" } ?? ""
    try invocation.make([
      Change(body: "createTask", fields: fields, subject: title) { [place] _ in
        "Added “\(title)” to \(place)\(news), id \(id)"
      }
    ])
  }

  @Sendable static func edit(_ invocation: Invocation) throws(Failure) {
    try invocation.needsOne(
      of: ["title", "clear", "add-tag", "remove-tag"] + TaskFields.options.map(\.name))
    let task = try invocation.session.task(invocation.required("TASK"))
    var fields: JSONObject = ["taskId": .string(task.id)]
    invocation.take(["title"], into: &fields)
    let given = try TaskFields.given(invocation, row: task.row)
    for member in given.members { fields[member.name] = member.value }
    let cleared = TaskFields.cleared(invocation, row: task.row)
    if !cleared.isEmpty { fields["clear"] = .array(cleared) }
    let title = invocation.arguments["title"]
    try invocation.make([
      Change(body: "changeTask", fields: fields, subject: task.name) { _ in
        "Changed “\(task.name)”" + (title.map { ", now “\($0)”" } ?? "")
      }
    ])
  }

  /// The same body, with nothing but the id, for every task named.
  private static func each(
    _ invocation: Invocation, _ body: String, _ verb: String,
    prefer: NameResolver.Preference = .unfinished
  ) throws(Failure) {
    var changes: [Change] = []
    for name in invocation.arguments.all("TASK") {
      let task = try invocation.session.task(name, prefer: prefer)
      changes.append(
        Change(body: body, fields: ["taskId": .string(task.id)], subject: task.name) { _ in
          "\(verb) “\(task.name)”"
        })
    }
    try invocation.make(changes)
  }

  @Sendable static func snooze(_ invocation: Invocation) throws(Failure) {
    let until = try invocation.time(invocation.required("UNTIL"), name: "UNTIL")
    let task = try invocation.session.task(invocation.required("TASK"))
    let fields: JSONObject = [
      "taskId": .string(task.id), "until": .string(until.instant.description),
    ]
    let shown = invocation.session.clock.local.text(until.instant)
    try invocation.make([
      Change(body: "snoozeTask", fields: fields, subject: task.name) { _ in
        "Snoozed “\(task.name)” until \(shown)"
      }
    ])
  }

  // MARK: Order

  @Sendable static func move(_ invocation: Invocation) throws(Failure) {
    let arguments = invocation.arguments
    try invocation.needsOne(of: ["theme", "inbox", "before", "after"])
    try invocation.exclusive(["theme", "inbox"])
    let task = try invocation.session.task(invocation.required("TASK"))
    var fields: JSONObject = ["taskId": .string(task.id)]
    var places: [String] = []
    if let name = arguments["theme"] {
      let theme = try invocation.session.theme(name)
      fields["themeId"] = .string(theme.id)
      places.append("to \(theme.name)")
    }
    if arguments.has("inbox") {
      fields["inbox"] = true
      places.append("to the inbox")
    }
    places += try neighbour(invocation, &fields)
    try move(invocation, task, fields, places.joined(separator: ", "))
  }

  @Sendable static func rank(_ invocation: Invocation) throws(Failure) {
    try invocation.needsOne(of: ["before", "after", "first", "last"])
    try invocation.exclusive(["before", "after", "first", "last"])
    let task = try invocation.session.task(invocation.required("TASK"))
    var fields: JSONObject = ["taskId": .string(task.id)]
    // The place is named, so that a neighbour elsewhere is refused instead of followed.
    var place: JSONObject = [:]
    if let theme = task.row["themeId"] { place["themeId"] = theme } else { place["inbox"] = true }
    for member in place.members { fields[member.name] = member.value }
    var words = try neighbour(invocation, &fields)
    if invocation.arguments.has("last") { words = ["to the end"] }
    if invocation.arguments.has("first") {
      words = ["to the top"]
      place["sort"] = "rank"
      place["limit"] = 1
      let first = try invocation.session.view("Tasks", place)["rows"]?[0]?["taskId"]?.string
      guard let first, first != task.id else {
        return invocation.terminal.print("“\(TextWidth.sanitized(task.name))” is the first already")
      }
      fields["beforeTaskId"] = .string(first)
    }
    try move(invocation, task, fields, words.joined())
  }

  private static func neighbour(
    _ invocation: Invocation, _ fields: inout JSONObject
  ) throws(Failure) -> [String] {
    try invocation.exclusive(["before", "after"])
    for (option, field) in [("before", "beforeTaskId"), ("after", "afterTaskId")] {
      guard let name = invocation.arguments[option] else { continue }
      let neighbour = try invocation.session.task(name)
      fields[field] = .string(neighbour.id)
      return ["\(option) “\(neighbour.name)”"]
    }
    return []
  }

  private static func move(
    _ invocation: Invocation, _ task: Thing, _ fields: JSONObject, _ place: String
  ) throws(Failure) {
    try invocation.make([
      Change(body: "moveTask", fields: fields, subject: task.name) { _ in
        "Moved “\(task.name)” \(place)"
      }
    ])
  }
}

extension Invocation {
  /// At most one of these options.
  func exclusive(_ options: [String]) throws(Failure) {
    let given = options.filter(arguments.has)
    if given.count > 1 {
      throw .usage("--\(given.joined(separator: " and --")) do not go together")
    }
  }
}
