/// Completions for bash (4 and later).
enum BashCompletion {
  static func script(_ commands: [CommandSpec]) -> String {
    """
    _planner_names() {
      local name
      while IFS= read -r name; do
        [[ "${name,,}" == "${1,,}"* ]] && COMPREPLY+=("$(printf '%q' "$name")")
      done < <(planner complete-names "$2" 2>/dev/null)
    }

    _planner() {
      local cur prev path word index
      cur="${COMP_WORDS[COMP_CWORD]}"
      prev="${COMP_WORDS[COMP_CWORD-1]}"
      cur="${cur#[\\"\\']}"
      path=""
      COMPREPLY=()
      for ((index = 1; index < COMP_CWORD; index++)); do
        word="${COMP_WORDS[index]}"
        case " $path $word" in
    \(Completion.prefixes(commands).map { "      \"  \($0)\"" }.joined(separator: "|\\\n").bashFirst) path="$path $word" ;;
        esac
      done
      case "$path:$prev" in
    \(values(commands))
      esac
      case "$path" in
    \(words(commands))
      esac
    }

    complete -o default -F _planner planner
    """
  }

  /// What follows an option that takes a value.
  private static func values(_ commands: [CommandSpec]) -> String {
    var lines: [String] = []
    for command in commands {
      for option in command.options {
        guard let value = option.value, let action = action(value) else { continue }
        lines.append("    \" \(command.name):--\(option.name)\") \(action); return ;;")
      }
    }
    lines.append("    *:--socket) return ;;")
    return lines.joined(separator: "\n")
  }

  private static func words(_ commands: [CommandSpec]) -> String {
    ([""] + Completion.prefixes(commands)).map { path in
      let next = Completion.next(path, commands)
      let command = commands.first { $0.name == path }
      let options = Completion.options(command).map { "--\($0.name)" }
      let words = (next + options).joined(separator: " ")
      var line = "    \"\(path.isEmpty ? "" : " " + path)\")"
      line += " COMPREPLY=($(compgen -W \"\(words)\" -- \"$cur\"))"
      if let value = command?.positionals.first?.value, let action = action(value) {
        line += "; [[ \"$cur\" == -* ]] || \(action)"
      }
      return line + " ;;"
    }.joined(separator: "\n")
  }

  private static func action(_ value: ValueKind) -> String? {
    if let kind = value.names { return "_planner_names \"$cur\" \(kind)" }
    switch value {
    case .choice(let choices):
      return "COMPREPLY+=($(compgen -W \"\(choices.joined(separator: " "))\" -- \"$cur\"))"
    case .file: return "COMPREPLY+=($(compgen -f -- \"$cur\"))"
    default: return nil
    }
  }
}

extension String {
  /// The first line of a pattern list has its indentation already.
  fileprivate var bashFirst: String { "  \(drop { $0 == " " })" }
}

/// What all shells ask of the table.
enum Completion {
  /// Every beginning of a command's name, `theme` and `theme rate`.
  static func prefixes(_ commands: [CommandSpec]) -> [String] {
    var seen: Set<String> = []
    return commands.flatMap { command in
      (1...command.path.count).map { command.path.prefix($0).joined(separator: " ") }
    }.filter { seen.insert($0).inserted }
  }

  /// The words that may come after a beginning.
  static func next(_ path: String, _ commands: [CommandSpec]) -> [String] {
    let words = path.split(separator: " ").map(String.init)
    var seen: Set<String> = []
    return commands.filter { $0.path.starts(with: words) && $0.path.count > words.count }
      .map { $0.path[words.count] }.filter { seen.insert($0).inserted }
  }

  static func options(_ command: CommandSpec?) -> [OptionSpec] {
    (command?.options ?? []) + GlobalOptions.specs
  }
}
