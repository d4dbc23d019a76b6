import JSON
import Scalars

/// One command for the daemon, and how to tell that it was done.
struct Change {
  /// The name of the body in the interface's type Command.
  let body: String
  let fields: JSONObject
  /// What it is about, for the case that it is refused.
  let subject: String
  /// What has happened, in the past tense.
  let sentence: (Outcome) -> String

  static let options: [OptionSpec] = [
    OptionSpec("at", .time("TIME"), "When it happened, if not now"),
    OptionSpec(
      "expected-version", .integer("VERSION", 0...Int.max),
      "Only if the planner still has this version"),
    OptionSpec("dry-run", "Say what would happen, and change nothing"),
  ]

  /// The command as the wire has it, with a new id.
  func command(_ invocation: Invocation) throws(Failure) -> JSON {
    let clock = invocation.session.clock
    var command: JSONObject = ["commandId": .string(newID(clock))]
    command["expectedVersion"] = invocation.arguments.integer("expected-version").map { .int($0) }
    if let at = try invocation.time("at") {
      command["occurredAt"] = .string(at.instant.description)
    }
    command[body] = .object(fields)
    return .object(command)
  }
}

/// A new id, a UUID of version 7: later ones sort later.
func newID(_ clock: Clock) -> String {
  var generator = SystemRandomNumberGenerator()
  return UUID.version7(at: clock.now(), using: &generator).description
}

extension Invocation {
  /// Submits the changes in one call, says what became of each, and fails if one was refused.
  func make(_ changes: [Change]) throws(Failure) {
    let dryRun = arguments.has("dry-run")
    var commands: [JSON] = []
    for change in changes { commands.append(try change.command(self)) }
    let submitted = try session.submit(commands, dryRun: dryRun)
    if session.options.json { terminal.print(submitted.reply.text) }
    var worst = ExitCode.ok
    for (change, outcome) in zip(changes, submitted.outcomes) {
      if outcome.isWritten {
        if !session.options.json { say(change, outcome, dryRun) }
      } else {
        refuse(change, outcome)
        worst = worst == .ok ? outcome.code : worst
      }
    }
    if worst != .ok { throw .silent(worst) }
  }

  private func say(_ change: Change, _ outcome: Outcome, _ dryRun: Bool) {
    let sentence = TextWidth.sanitized(change.sentence(outcome))
    let position = outcome.lastPosition.map { "position \($0)" }
    let tail = dryRun ? "dry run, nothing changed" : position ?? ""
    terminal.print(
      sentence + (tail.isEmpty ? "" : terminal.style.paint("  (\(tail))", .quiet)))
  }

  private func refuse(_ change: Change, _ outcome: Outcome) {
    let label = terminal.errorStyle.paint("planner:", .poor)
    let isNamed = change.subject.contains { !$0.isWhitespace }
    let sentence = isNamed ? "\(change.subject): \(outcome.refusal)" : outcome.refusal
    terminal.complain("\(label) \(TextWidth.sanitized(sentence))")
  }

  /// A time option; the usage failure names the forms there are.
  func time(_ name: String, _ direction: When.Direction = .ahead) throws(Failure) -> When? {
    guard let text = arguments[name] else { return nil }
    return try time(text, name: "--\(name)", direction)
  }

  func time(
    _ text: String, name: String, _ direction: When.Direction = .ahead
  ) throws(Failure) -> When {
    guard let when = When(text, session.clock, direction) else {
      throw .usage(
        "\(name) is no time: “\(text)”. Give a date (2026-11-25), an instant "
          + "(2026-11-25T09:00:00Z), today, tomorrow, a weekday, one of these with a time of day "
          + "(tuesday 14:30), or a time from now (2h, 3d, 1w)")
    }
    return when
  }

  /// An option that names a moment of the past.
  func moment(_ name: String) throws(Failure) -> Moment? {
    guard let text = arguments[name] else { return nil }
    guard let moment = Moment(text, session.clock) else {
      throw .usage(
        "--\(name) is no moment: “\(text)”. Give a position of the log (1234 or #1234), a date "
          + "(2026-11-25, its beginning), an instant (2026-11-25T09:00), yesterday, "
          + "\"last tuesday 9am\", or a time before now (-2h, -3d, -1w)")
    }
    return moment
  }

  /// What a positional names; the parser has seen that it is there.
  func required(_ name: String) -> String { arguments[name] ?? "" }

  func now() -> Instant { session.clock.now() }
}
