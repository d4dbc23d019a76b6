import Glibc
import JSON

/// `planner what-if`.
enum WhatIfCommand {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "what-if", "Show what commands would change, and change nothing",
      positionals: [
        PositionalSpec(
          "COMMANDS", .text("COMMANDS"), "Commands of planner with semicolons between, or a file"),
        PositionalSpec(
          "VIEW", .view, count: .any,
          "A command that lists, such as tasks; its options after --"),
      ],
      options: [OptionSpec("whole", "Show the view as it would be, not the difference to now")],
      details: """
        A file, or - for standard input, holds commands as planner apply takes them. What one command
        adds, the next may name. Without a VIEW the pillars, themes and tasks that would change are
        shown.
        Examples:
          planner what-if 'task done Run; theme rate Sleep 80' -- pillars
          planner what-if --whole 'preferences set --urgency 70 --priority 10' -- best --limit 5
        """, run: run)
  ]

  @Sendable static func run(_ invocation: Invocation) throws(Failure) {
    let text = invocation.required("COMMANDS")
    invocation.session.rehearse()
    let said = try rehearse(text, invocation)
    if !invocation.session.options.json {
      for line in said.split(separator: "\n") {
        invocation.terminal.print(invocation.terminal.style.paint("What if: \(line)", .quiet))
      }
    }
    guard let commands = invocation.session.rehearsed, !commands.isEmpty else {
      throw .usage("COMMANDS holds no command")
    }
    let isWhole = invocation.arguments.has("whole")
    let showing: Showing = isWhole ? .rows : .changes(["whatIf": .array(commands)])
    let words = invocation.arguments.all("VIEW")
    guard words.isEmpty else { return try ViewWords.run(words, invocation, showing) }
    for view in ["pillars", "themes", "tasks"] {
      try ViewWords.run([view], invocation, showing)
    }
  }

  // MARK: Commands

  /// Collects the commands, and gives what they would say.
  private static func rehearse(_ text: String, _ invocation: Invocation) throws(Failure) -> String {
    if text == "-" { return try rehearse(LineReader(descriptor: 0), invocation) }
    guard let commands = ShellWords.commands(text) else {
      throw .usage("COMMANDS: a quote is not closed")
    }
    let first = commands.first?.first
    let isCommand = CommandTable.commands.contains { $0.path[0] == first || first == "planner" }
    if !isCommand, access(text, R_OK) == 0 {
      let descriptor = open(text, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .usage("\(text): \(String(cString: strerror(errno)))") }
      defer { close(descriptor) }
      return try rehearse(LineReader(descriptor: descriptor), invocation)
    }
    var said = ""
    for (index, words) in commands.enumerated() {
      do throws(Failure) {
        said += try rehearse(
          words.first == "planner" ? Array(words.dropFirst()) : words, invocation)
      } catch {
        // A refusal counts the commands by itself, for it may be of an earlier one.
        guard commands.count > 1, !error.message.isEmpty, error.reply == nil else { throw error }
        throw Failure(error.code, "command \(index + 1): \(error.message)")
      }
    }
    return said
  }

  private static func rehearse(
    _ words: [String], _ invocation: Invocation
  ) throws(Failure) -> String {
    let (spec, arguments) = try CommandWord.parse(words)
    guard spec.isChange else { throw .usage("“\(spec.name)” changes nothing") }
    guard !arguments.has("dry-run") else { throw .usage("--dry-run goes without saying here") }
    let terminal = Terminal(collecting: nil)
    try spec.run(
      Invocation(arguments: arguments, session: invocation.session, terminal: terminal))
    return invocation.session.options.json ? "" : terminal.text
  }

  /// Commands as JSON, one a line.
  private static func rehearse(
    _ source: LineReader, _ invocation: Invocation
  ) throws(Failure) -> String {
    var source = source
    var number = 0
    while let line = source.next() {
      number += 1
      do {
        guard var command = try CommandLineText.command(line) else { continue }
        if command["commandId"] == nil {
          command["commandId"] = .string(newID(invocation.session.clock))
        }
        invocation.session.rehearse([.object(command)])
      } catch {
        throw .usage("line \(number): \(error)")
      }
    }
    return ""
  }
}
