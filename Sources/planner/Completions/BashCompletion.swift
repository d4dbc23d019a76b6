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
        case "$path $word" in
          \(Completion.alternatives(commands))) path="$path $word" ;;
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
      let command = commands.first { $0.name == path }
      let options = Completion.options(command).map { "--\($0.name)" }
      let actions = [
        words(Completion.next(path, commands)),
        command?.positionals.first.flatMap { action($0.value) } ?? ":",
      ]
      return """
            "\(path.isEmpty ? "" : " " + path)")
              if [[ "$cur" == -* ]]; then \(words(options)); else \(actions.joined(separator: "; ")); fi ;;
        """
    }.joined(separator: "\n")
  }

  private static func words(_ words: [String]) -> String {
    words.isEmpty
      ? ":" : "COMPREPLY+=($(compgen -W \"\(words.joined(separator: " "))\" -- \"$cur\"))"
  }

  private static func action(_ value: ValueKind) -> String? {
    if let kind = value.names { return "_planner_names \"$cur\" \(kind)" }
    switch value {
    case .choice(let choices):
      return words(choices)
    case .file: return "COMPREPLY+=($(compgen -f -- \"$cur\"))"
    default: return nil
    }
  }
}
