/// Completions for zsh.
enum ZshCompletion {
  static func script(_ commands: [CommandSpec]) -> String {
    """
    #compdef planner

    _planner_names() {
      local -a names
      names=("${(@f)$(planner complete-names $1 2>/dev/null)}")
      compadd -M 'm:{a-z}={A-Z}' -- $names
    }

    _planner() {
      local path="" word
      integer index
      for ((index = 2; index < CURRENT; index++)); do
        word=$words[index]
        case "$path $word" in
          \(Completion.prefixes(commands).map { "(' \($0)')" }.joined(separator: "|").zshPattern) path="$path $word" ;;
        esac
      done
      case "$path:$words[CURRENT-1]" in
    \(values(commands))
      esac
      local -a next
      case "$path" in
    \(words(commands))
      esac
    }

    compdef _planner planner
    """
  }

  private static func values(_ commands: [CommandSpec]) -> String {
    var lines: [String] = []
    for command in commands {
      for option in command.options {
        guard let value = option.value, let action = action(value) else { continue }
        lines.append("    \" \(command.name):--\(option.name)\") \(action); return ;;")
      }
    }
    lines.append("    *:--socket) _files; return ;;")
    return lines.joined(separator: "\n")
  }

  private static func words(_ commands: [CommandSpec]) -> String {
    ([""] + Completion.prefixes(commands)).map { path in
      let command = commands.first { $0.name == path }
      var described = Completion.next(path, commands).map { word in
        let full = path.isEmpty ? word : "\(path) \(word)"
        return quoted("\(word):\(commands.first { $0.name == full }?.summary ?? "")")
      }
      described += Completion.options(command).map {
        quoted("--\($0.name):\($0.help.split(separator: ":").joined(separator: "\\:"))")
      }
      var line = "    \"\(path.isEmpty ? "" : " " + path)\")"
      line += " next=(\(described.joined(separator: " "))); _describe planner next"
      if let value = command?.positionals.first?.value, let action = action(value) {
        line += "; \(action)"
      }
      return line + " ;;"
    }.joined(separator: "\n")
  }

  private static func action(_ value: ValueKind) -> String? {
    if let kind = value.names { return "_planner_names \(kind)" }
    switch value {
    case .choice(let choices): return "compadd -- \(choices.joined(separator: " "))"
    case .file: return "_files"
    default: return nil
    }
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
  }
}

extension String {
  /// zsh wants one pattern: alternatives without the inner parentheses.
  fileprivate var zshPattern: String { filter { $0 != "(" && $0 != ")" } + ")" }
}
