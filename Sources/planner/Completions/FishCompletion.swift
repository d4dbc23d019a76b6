/// Completions for fish.
enum FishCompletion {
  static func script(_ commands: [CommandSpec]) -> String {
    var lines = [
      "function __planner_path",
      "  set -l words (commandline -opc)[2..]",
      "  set -l path",
      "  for word in $words",
      "    switch \"$path $word\"",
      "      case \(Completion.prefixes(commands).map { quoted(" " + $0) }.joined(separator: " "))",
      "        set path \"$path $word\"",
      "    end",
      "  end",
      "  string trim -- \"$path\"",
      "end",
      "function __planner_at; test (__planner_path) = \"$argv\"; end",
      "complete -c planner -f",
    ]
    for path in [""] + Completion.prefixes(commands) {
      for word in Completion.next(path, commands) {
        let full = path.isEmpty ? word : "\(path) \(word)"
        let summary = commands.first { $0.name == full }?.summary ?? ""
        lines.append(
          "complete -c planner -n \(at(path)) -a \(quoted(word)) -d \(quoted(summary))")
      }
    }
    for option in GlobalOptions.specs { lines.append("complete -c planner " + self.option(option)) }
    for command in commands { lines += self.lines(command) }
    return lines.joined(separator: "\n")
  }

  private static func lines(_ command: CommandSpec) -> [String] {
    let options = command.options.map {
      "complete -c planner -n \(at(command.name)) " + option($0)
    }
    guard let value = command.positionals.first?.value, let arguments = arguments(value) else {
      return options
    }
    return options + ["complete -c planner -n \(at(command.name)) \(arguments)"]
  }

  private static func option(_ option: OptionSpec) -> String {
    var line = "-l \(option.name) -d \(quoted(option.help))"
    if let value = option.value {
      line += value == .file ? " -r -F" : " -x \(arguments(value) ?? "")"
    }
    return line
  }

  private static func arguments(_ value: ValueKind) -> String? {
    if let kind = value.names { return "-a '(planner complete-names \(kind) 2>/dev/null)'" }
    switch value {
    case .choice(let choices): return "-a \(quoted(choices.joined(separator: " ")))"
    case .file: return "-F"
    default: return nil
    }
  }

  private static func at(_ path: String) -> String { quoted("__planner_at \(path)") }

  private static func quoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" ? "\\'" : String($0) }.joined() + "'"
  }
}
