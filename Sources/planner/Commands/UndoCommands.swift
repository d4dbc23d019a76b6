import JSON
import Scalars

/// `planner undo` and `planner redo`.
enum UndoCommands {
  private static let last = OptionSpec(
    "last", .integer("COUNT", 1...UndoCommands.most), "The newest so many")
  private static let cascade = OptionSpec("cascade", "With what later commands built on it")

  /// How many commands one undo may name.
  private static let most = 1_000

  static let specs: [CommandSpec] = [
    CommandSpec(
      "undo", "Undo commands: the last one, unless others are named",
      positionals: [
        PositionalSpec(
          "COMMAND", .text("COMMAND"), count: .any, "Ids, or beginnings of ids, of planner history")
      ],
      options: [
        last, OptionSpec("since", .time("TIME"), "All that was done from this time on"),
        OptionSpec(
          "filter", .text("KEY=VALUE"), repeats: true,
          "Those alone with this command=, entity=, uid= or text="),
        cascade,
      ] + Change.options,
      details: """
        All that was done since stays. Where something later was built on what is to be undone, nothing
        is, unless --cascade says that it goes too. planner redo does again what was undone.
        Examples:
          planner undo
          planner undo --last 3 --filter command=rateTheme
          planner undo --since -2h --dry-run
        """, run: undo),
    CommandSpec(
      "redo", "Do again what was undone last", options: [last, cascade] + Change.options,
      run: redo),
  ]

  // MARK: What to undo

  @Sendable static func undo(_ invocation: Invocation) throws(Failure) {
    let words = CommandWords(invocation.session)
    let rows = try chosen(invocation, words)
    try takeBack(invocation, rows, words, verb: "Undid", nothing: "there is nothing to undo")
  }

  private static func chosen(
    _ invocation: Invocation, _ words: CommandWords
  ) throws(Failure) -> [JSON] {
    let arguments = invocation.arguments
    let named = arguments.all("COMMAND")
    let picks = ["last", "since", "filter"].filter { arguments.has($0) }
    guard named.isEmpty else {
      guard picks.isEmpty else {
        throw .usage("COMMAND and --\(picks[0]) exclude each other")
      }
      var rows: [JSON] = []
      for text in named {
        let row = try invocation.session.command(text)
        if !rows.contains(row) { rows.append(row) }
      }
      return rows
    }
    let filter = try HistoryFilter(invocation, words)
    let since = try invocation.time("since", .back)?.instant
    let count = arguments.integer("last") ?? (picks.isEmpty ? 1 : most + 1)
    return try newest(invocation.session, count, since: since, filter)
  }

  /// The newest commands that count, undos left out.
  private static func newest(
    _ session: Session, _ count: Int, since: Instant?, _ filter: HistoryFilter
  ) throws(Failure) -> [JSON] {
    var rows: [JSON] = []
    var failure: Failure?
    try session.history(filter.parameters) { row in
      if let since, let at = ThemeCommands.instant(row["recordedAt"]), at < since { return false }
      guard row["command"]?.string != "undo" else { return true }
      do throws(Failure) {
        if try filter.takes(row) { rows.append(row) }
      } catch {
        failure = error
      }
      return failure == nil && rows.count < count
    }
    if let failure { throw failure }
    guard rows.count <= most else {
      throw .usage("more than \(most) commands; choose fewer with --last or --since")
    }
    return rows
  }

  /// The newest undos that count and undid something, redos left out.
  @Sendable static func redo(_ invocation: Invocation) throws(Failure) {
    let words = CommandWords(invocation.session)
    var undos: [JSON] = []
    try invocation.session.history(["command": "undo"]) { row in
      undos.append(row)
      return true
    }
    let ids = Set(undos.compactMap { $0["commandId"]?.string })
    let first = undos.filter { row in
      row["undone"]?.bool == false
        && (row["undoes"]?.array ?? []).allSatisfy { !ids.contains($0.string ?? "") }
    }
    let rows = Array(first.prefix(invocation.arguments.integer("last") ?? 1))
    try takeBack(invocation, rows, words, verb: "Redid", nothing: "there is nothing to redo")
  }

  // MARK: Undoing

  private static func takeBack(
    _ invocation: Invocation, _ rows: [JSON], _ words: CommandWords, verb: String, nothing: String
  ) throws(Failure) {
    let session = invocation.session
    guard !rows.isEmpty else { throw Failure(.notFound, nothing) }
    let ids = rows.compactMap { $0["commandId"]?.string }
    let dryRun = invocation.arguments.has("dry-run")
    var fields: JSONObject = ["commandIds": .array(ids.map { .string($0) })]
    var dependents: [String] = []
    if invocation.arguments.has("cascade") {
      let alone = try command(invocation, fields)
      dependents = try session.submit([alone], dryRun: true).outcomes[0].dependents
      fields["cascade"] = true
    }
    let submitted = try session.submit([try command(invocation, fields)], dryRun: dryRun)
    if session.options.json { invocation.terminal.print(submitted.reply.text) }
    let outcome = submitted.outcomes[0]
    guard outcome.isWritten else {
      try refuse(invocation, outcome, words)
      throw .silent(outcome.code)
    }
    if session.options.json { return }
    guard session.rehearsed == nil else {
      return say(invocation, ids.map { "\(verb): command \($0.prefix(13))" }, nil, false)
    }
    try words.read(try concerned(rows, session) + rows + byID(dependents, session))
    let undone = verb == "Redid" ? try concerned(rows, session).map(id) : ids
    say(invocation, undone.map { "\(verb): \(words.text($0))" }, outcome, dryRun)
    say(invocation, dependents.map { "  with it: \(words.text($0))" }, nil, false)
  }

  private static func command(
    _ invocation: Invocation, _ fields: JSONObject
  ) throws(Failure) -> JSON {
    try Change(body: "undo", fields: fields, subject: "", sentence: { _ in "" }).command(invocation)
  }

  private static func id(_ row: JSON) -> String { row["commandId"]?.string ?? "" }

  /// The commands that undos undid.
  private static func concerned(_ rows: [JSON], _ session: Session) throws(Failure) -> [JSON] {
    let ids = rows.filter { $0["command"]?.string == "undo" }
      .flatMap { ($0["undoes"]?.array ?? []).compactMap(\.string) }
    return try byID(ids, session)
  }

  private static func byID(_ ids: [String], _ session: Session) throws(Failure) -> [JSON] {
    var rows: [JSON] = []
    for id in ids.prefix(UndoCommands.shown) {
      rows += try session.view("History", ["commandId": .string(id)])["rows"]?.array ?? []
    }
    return rows
  }

  /// How many commands are told in words.
  private static let shown = 50

  private static func say(
    _ invocation: Invocation, _ lines: [String], _ outcome: Outcome?, _ dryRun: Bool
  ) {
    let terminal = invocation.terminal
    for (index, line) in lines.prefix(shown).enumerated() {
      let isLast = index == min(lines.count, shown) - 1
      let position = outcome?.lastPosition.map { "  (position \($0))" } ?? ""
      let tail = dryRun ? "  (dry run, nothing changed)" : position
      terminal.print(
        TextWidth.sanitized(line) + (isLast ? terminal.style.paint(tail, .quiet) : ""))
    }
    if lines.count > shown { terminal.print("and \(lines.count - shown) more") }
  }

  private static func refuse(
    _ invocation: Invocation, _ outcome: Outcome, _ words: CommandWords
  ) throws(Failure) {
    let terminal = invocation.terminal
    let label = terminal.errorStyle.paint("planner:", .poor)
    guard outcome.rule == "builtUpon" else {
      return terminal.complain("\(label) \(TextWidth.sanitized(outcome.refusal))")
    }
    let count = Number.counted(outcome.dependents.count, "later command")
    let verb = outcome.dependents.count == 1 ? "was" : "were"
    terminal.complain("\(label) \(count) \(verb) built on it [builtUpon]:")
    try words.read(try byID(outcome.dependents, invocation.session))
    for id in outcome.dependents.prefix(shown) {
      terminal.complain("  \(id.prefix(13))  \(TextWidth.sanitized(words.text(id)))")
    }
    if outcome.dependents.count > shown {
      terminal.complain("  and \(outcome.dependents.count - shown) more")
    }
    terminal.complain("With --cascade that is undone too.")
  }
}

/// Which commands of the history are meant.
struct HistoryFilter {
  private(set) var parameters: JSONObject = ["undone": false]
  private var uid: Int?
  private var text: String?
  private let words: CommandWords

  init(_ invocation: Invocation, _ words: CommandWords) throws(Failure) {
    self.words = words
    for filter in invocation.arguments.all("filter") {
      let parts = filter.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw .usage("--filter is KEY=VALUE, not “\(filter)”") }
      switch parts[0] {
      case "command": parameters["command"] = .string(parts[1])
      case "entity": parameters["entityId"] = .string(try invocation.session.thing(parts[1]))
      case "uid":
        guard let uid = Int(parts[1]) else { throw .usage("--filter uid= takes a number") }
        self.uid = uid
      case "text":
        guard invocation.session.rehearsed == nil else {
          throw .usage("--filter text= is for undo in earnest: what only might be has no words yet")
        }
        text = parts[1].lowercased()
      default:
        throw .usage("--filter takes command=, entity=, uid= or text=, not “\(parts[0])=”")
      }
    }
  }

  func takes(_ row: JSON) throws(Failure) -> Bool {
    if let uid, row["uid"]?.int != uid { return false }
    guard let text else { return true }
    try words.read([row])
    return words.text(row["commandId"]?.string ?? "").lowercased().contains(text)
  }
}
