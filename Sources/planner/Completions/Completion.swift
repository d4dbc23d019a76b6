/// What all shells ask of the table.
enum Completion {
  /// Every beginning of a command's name, `theme` and `theme rate`.
  static func prefixes(_ commands: [CommandSpec]) -> [String] {
    var seen: Set<String> = []
    return commands.flatMap { command in
      (1...command.path.count).map { command.path.prefix($0).joined(separator: " ") }
    }.filter { seen.insert($0).inserted }
  }

  /// All of them as a pattern of bash and zsh, each after a space.
  static func alternatives(_ commands: [CommandSpec]) -> String {
    prefixes(commands).map { "\" \($0)\"" }.joined(separator: "|")
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
