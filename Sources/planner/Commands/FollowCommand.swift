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
          // Only what was printed counts: the first reply speaks of the head, which may be far ahead.
          position = event["position"]?.int ?? position
        }
        // What was said must not wait for what comes next.
        terminal.flush()
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
    let sentence = EventSentence(local: clock.local, name: names.name).text(type, data)
    let at = ThemeCommands.instant(event["recordedAt"])
    let when = at.map { "\(clock.local.date($0)) \(clock.local.clock($0))" } ?? ""
    return style.paint("\(when)  #\(position)", .quiet) + "  " + TextWidth.sanitized(sentence)
  }
}
