import JSON

/// How the rows of a view differ between two moments, or between now and what would be.
struct ViewChanges {
  private let invocation: Invocation
  private let listing: Listing
  private let moments: JSONObject

  init(_ invocation: Invocation, _ listing: Listing, _ moments: JSONObject) {
    self.invocation = invocation
    self.listing = listing
    self.moments = moments
  }

  /// Parameters that choose a page and not rows.
  private static let ofPages = ["sort", "limit", "cursor"]

  func show() throws(Failure) {
    let own = listing.parameters.members.filter { !ViewChanges.ofPages.contains($0.name) }
    var parameters = moments
    parameters["method"] = .string(listing.method)
    parameters["parameters"] = .object(JSONObject(unique: own))
    if let limit = invocation.arguments.integer("limit") { parameters["limit"] = .int(limit) }
    let reply = try invocation.session.past("Changes", parameters)
    let terminal = invocation.terminal
    if invocation.session.options.json { return terminal.print(reply.text) }
    let rows = reply["rows"]?.array ?? []
    terminal.print(terminal.style.paint(heading(reply, rows.count), .heading))
    let text = DifferenceText(invocation.session.clock.local, terminal.style)
    for line in rows.flatMap(text.lines) { terminal.print(line) }
    if reply["complete"]?.bool == false {
      terminal.complain(terminal.errorStyle.paint("There is more than is shown.", .quiet))
    }
  }

  private func heading(_ reply: JSON, _ count: Int) -> String {
    let view = ViewNames.word(listing.method)
    if moments["whatIf"] != nil {
      return count == 0
        ? "Nothing would change in \(view)."
        : "\(Number.counted(count, "row")) of \(view) would change"
    }
    let span = "between positions \(reply["since"]?.int ?? 0) and \(reply["until"]?.int ?? 0)"
    return count == 0
      ? "Nothing differs in \(view) \(span)."
      : "\(Number.counted(count, "row")) of \(view) differ\(count == 1 ? "s" : "") \(span)"
  }
}

/// The words that say a view: a command that lists it with its options, or a method with parameters.
enum ViewWords {
  static let positional = PositionalSpec(
    "VIEW", .view, count: .oneOrMore,
    "A command that lists, such as tasks or themes; its options after --")

  /// Runs the command that shows the view, as `showing` says.
  static func run(
    _ words: [String], _ invocation: Invocation, _ showing: Showing
  ) throws(Failure) {
    let isMethod = words.first?.first?.isUppercase == true
    let (spec, arguments) = try CommandWord.parse(isMethod ? ["view"] + words : words)
    guard spec.asksViews else {
      throw .usage("“\(spec.name)” lists no view")
    }
    for option in ["at", "live"] where arguments.has(option) {
      throw .usage("--\(option) does not go with that")
    }
    var shown = Invocation(
      arguments: arguments, session: invocation.session, terminal: invocation.terminal)
    shown.showing = showing
    try spec.run(shown)
  }
}

/// A command that is a word, or several, of another.
enum CommandWord {
  static func parse(_ words: [String]) throws(Failure) -> (CommandSpec, ParsedArguments) {
    guard
      case .run(let spec, let arguments) = try ArgumentParser(commands: CommandTable.commands)
        .parse(words)
    else { throw .usage("“\(words.joined(separator: " "))” only asks for help") }
    for option in GlobalOptions.specs.map(\.name) where arguments.has(option) {
      throw .usage("--\(option) goes before all that")
    }
    return (spec, arguments)
  }
}
