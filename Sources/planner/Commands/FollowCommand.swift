import JSON
import Scalars
import Varlink

/// `planner follow`.
enum FollowCommand {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "follow", "Print events as they are recorded",
      options: [
        OptionSpec(
          "after", .integer("POSITION", 0...Int.max), "Begin after this position; now, if absent")
      ],
      details: """
        Begins with what is recorded from now on, or with all there is after POSITION (0 is the
        beginning), and goes on until Ctrl-C, over restarts of the daemon. With --json each reply is
        a line as the socket gave it.
        """, run: run)
  ]

  @Sendable static func run(_ invocation: Invocation) throws(Failure) {
    let session = invocation.session
    let terminal = invocation.terminal
    session.catchInterruption()
    // The head is asked for first, so that a restart of the daemon before the first event loses none.
    var position = invocation.arguments.integer("after")
    if position == nil { position = try session.control("Health")["position"]?.int }
    let names = NameBook(session)
    let isJSON = session.options.json
    do throws(Failure) {
      try session.stream("org.plannerd.planner.Subscribe") {
        var parameters: JSONObject = [:]
        if let planner = session.options.planner { parameters["planner"] = .string(planner) }
        parameters["after"] = position.map { .int($0) }
        return .object(parameters)
      } body: { reply in
        if isJSON { terminal.print(reply.text) }
        for event in reply["events"]?.array ?? [] {
          if !isJSON { terminal.print(line(event, names, session.clock, terminal.style)) }
        }
        // What was said must not wait for what comes next.
        terminal.flush()
        position = max(position ?? 0, reply["position"]?.int ?? 0)
        return true
      }
    } catch {
      if error.code == .interrupted, let position, terminal.errorWidth != nil {
        terminal.complain("\nGo on with: planner follow --after \(position)")
      }
      throw error
    }
  }

  private static func line(
    _ event: JSON, _ names: NameBook, _ clock: Clock, _ style: Style
  ) -> String {
    let position = event["position"]?.int ?? 0
    let type = event["type"]?.string ?? ""
    let data = event["data"] ?? .null
    names.learn(data, at: position)
    let sentence = EventSentence(name: names.name).text(type, data)
    let at = ThemeCommands.instant(event["recordedAt"])
    let when = at.map { "\(clock.local.date($0)) \(clock.local.clock($0))" } ?? ""
    return style.paint("\(when)  #\(position)", .quiet) + "  " + TextWidth.sanitized(sentence)
  }
}

/// Names of things by their ids, from the events that say them and else from the views.
final class NameBook {
  private let session: Session
  private var names: [String: String] = [:]
  private var position = 0

  init(_ session: Session) { self.session = session }

  /// Remembers the names that an event's data says.
  func learn(_ data: JSON, at position: Int) {
    self.position = position
    for kind in [Thing.Kind.task, .theme, .pillar] {
      guard let id = data["\(kind.rawValue)Id"]?.string else { continue }
      let field = kind == .task ? "title" : "name"
      if let name = data["after"]?[field]?.string ?? data["before"]?[field]?.string {
        names[id] = name
      }
      return
    }
  }

  /// The name, or the beginning of the id where nobody knows it, as of a thing removed since.
  func name(_ kind: Thing.Kind, _ id: String) -> String {
    if let name = names[id] { return name }
    try? ask(kind, id)
    let name = names[id] ?? String(id.prefix(8))
    names[id] = name
    return name
  }

  private func ask(_ kind: Thing.Kind, _ id: String) throws(Failure) {
    switch kind {
    case .task:
      let rows = try session.view("Task", ["taskId": .string(id)])["rows"]?.array ?? []
      for row in rows { remember(Thing(task: row)) }
    case .theme: for row in try session.rows("ThemeRatings") { remember(Thing(theme: row)) }
    case .pillar: for row in try session.rows("PillarAverages") { remember(Thing(pillar: row)) }
    }
  }

  private func remember(_ thing: Thing) {
    if names[thing.id] == nil { names[thing.id] = thing.name }
  }
}
