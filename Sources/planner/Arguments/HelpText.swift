/// The help of the program, of a group of commands, and of one, made from the table.
enum HelpText {
  static func usageLine(_ command: CommandSpec) -> String {
    let words = ["usage: planner \(command.name)"] + command.positionals.map(\.usage)
    return (words + (command.options.isEmpty ? [] : ["[options]"])).joined(separator: " ")
  }

  /// Help about the words typed; all of the program where there are none.
  static func text(_ path: [String], _ commands: [CommandSpec]) -> String {
    if let command = commands.first(where: { $0.path == path }) {
      let group = commands.filter { $0.path.starts(with: path) && $0.path.count > path.count }
      return one(command) + (group.isEmpty ? "" : "\nSee also:\n" + list(group))
    }
    let group = commands.filter { $0.path.starts(with: path) && !$0.hidden }
    if path.isEmpty { return program(group) }
    return "usage: planner \(path.joined(separator: " ")) COMMAND\n\n" + list(group)
  }

  private static func one(_ command: CommandSpec) -> String {
    var text = "\(command.summary).\n\n\(usageLine(command))\n"
    let places = command.positionals.map { ($0.name, $0.help) }
    if !places.isEmpty { text += "\n" + aligned(places) }
    if !command.options.isEmpty {
      text += "\nOptions:\n" + aligned(command.options.map { ($0.usage, described($0)) })
    }
    if !command.details.isEmpty { text += "\n\(command.details)\n" }
    return text + "\nGlobal options: planner --help\n"
  }

  private static func described(_ option: OptionSpec) -> String {
    option.help + (option.repeats ? " (may be repeated)" : "")
  }

  private static func program(_ commands: [CommandSpec]) -> String {
    """
    planner plans pillars, themes and tasks through the daemon plannerd.

    usage: planner COMMAND [options]

    \(sections(commands))
    Things are named by their id, by their exact name (a theme also as Pillar/Theme), by the first
    letters of an id (4 or more), by a name in any case, or by the first letters of a name, as long
    as that means one thing. Where a task's name is borne by several, one that is not done goes first.

    Times are dates (2026-11-25), instants (2026-11-25T09:00:00Z, or 2026-11-25T09:00 in local time),
    today, tomorrow, yesterday, a weekday, "last tuesday", each with a time of day or without
    ("tuesday 14:30", "yesterday 9am", noon), or times from now: 30m, 2h, 3d, 1w, and -3d for the past.

    What lists something takes --at MOMENT and shows it as it was then: a position of the log (1234 or
    #1234), or a time, where a day alone is its beginning, 00:00, and a weekday the last one. What
    changes something takes --at TIME for when it happened. With --live a list is shown again whenever
    it changes.

    Global options, anywhere on the line:
    \(aligned(GlobalOptions.specs.map { ($0.usage, $0.help) }))
    The socket is --socket, $PLANNERD_SOCKET, or the first there is of
    $XDG_RUNTIME_DIR/plannerd/plannerd.sock and /run/plannerd/plannerd.sock. With NO_COLOR set, or
    where output is no terminal, there are no colours.

    Exit codes:
    \(aligned(ExitCode.allCases.map { (String($0.rawValue), $0.meaning) }))
    """
  }

  private static func sections(_ commands: [CommandSpec]) -> String {
    CommandTable.sections.map { title, names in
      "\(title):\n" + list(commands.filter { names.contains($0.path[0]) })
    }.joined(separator: "\n")
  }

  private static func list(_ commands: [CommandSpec]) -> String {
    aligned(
      commands.filter { !$0.hidden }.map { command in
        (
          ([command.name] + command.positionals.map(\.usage)).joined(separator: " "),
          command.summary
        )
      })
  }

  /// Two columns; a long entry on the left has its text on the next line.
  static func aligned(_ rows: [(String, String)]) -> String {
    let width = min(30, rows.map(\.0.count).max() ?? 0)
    return rows.map { left, right in
      let gap = String(repeating: " ", count: max(0, width - left.count) + 2)
      let fits = left.count <= width
      return "  \(left)\(fits ? gap : "\n" + String(repeating: " ", count: width + 4))\(right)\n"
    }.joined()
  }
}
