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
      local where="" word
      integer index
      for ((index = 2; index < CURRENT; index++)); do
        word=$words[index]
        case "$where $word" in
          \(Completion.alternatives(commands))) where="$where $word" ;;
        esac
      done
      case "$where:$words[CURRENT-1]" in
    \(values(commands))
      esac
      local -a next
      case "$where" in
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
      let next = Completion.next(path, commands).map { word in
        let full = path.isEmpty ? word : "\(path) \(word)"
        return (word, commands.first { $0.name == full }?.summary ?? "")
      }
      let options = Completion.options(command).map { ("--\($0.name)", $0.help) }
      let positional = command?.positionals.first.flatMap { action($0.value) } ?? ":"
      return """
            "\(path.isEmpty ? "" : " " + path)")
              if [[ $PREFIX == -* ]]; then \(described(options)); else \(described(next)); \(positional); fi ;;
        """
    }.joined(separator: "\n")
  }

  private static func described(_ words: [(String, String)]) -> String {
    guard !words.isEmpty else { return ":" }
    let pairs = words.map { word, help in
      quoted("\(word):\(help.split(separator: ":").joined(separator: "\\:"))")
    }
    return "next=(\(pairs.joined(separator: " "))); _describe planner next"
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
