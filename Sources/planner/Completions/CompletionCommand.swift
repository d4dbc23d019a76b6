import JSON

/// `planner completions`, and what the scripts that it prints ask back.
enum CompletionCommand {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "completions", "Print the completions for a shell",
      positionals: [PositionalSpec("SHELL", .choice(["bash", "zsh", "fish"]), "The shell")],
      details: """
        bash: source <(planner completions bash)
        zsh:  source <(planner completions zsh), after compinit
        fish: planner completions fish | source
        """,
      run: { (invocation) throws(Failure) in
        invocation.terminal.print(script(invocation.required("SHELL"), CommandTable.commands))
      }),
    CommandSpec(
      "complete-names", "Print the names of pillars, themes, tasks, projections or views",
      positionals: [
        PositionalSpec("KIND", .choice(["pillar", "theme", "task", "projection", "view"]), "Which")
      ], hidden: true, run: names),
  ]

  static func script(_ shell: String, _ commands: [CommandSpec]) -> String {
    let commands = commands.filter { !$0.hidden }
    return switch shell {
    case "bash": BashCompletion.script(commands)
    case "zsh": ZshCompletion.script(commands)
    default: FishCompletion.script(commands)
    }
  }

  @Sendable private static func names(_ invocation: Invocation) throws(Failure) {
    let session = invocation.session
    let names: [String]
    switch invocation.required("KIND") {
    case "pillar": names = try session.rows("PillarAverages").map { Thing(pillar: $0).name }
    case "theme":
      let themes = try session.rows("ThemeRatings").map { Thing(theme: $0) }
      // Two of one name are offered with their pillars.
      names = themes.map { theme in
        themes.count { $0.name == theme.name } > 1 ? theme.qualifiedName : theme.name
      }
    case "task":
      let rows = try session.view("Tasks", ["actionable": true, "limit": 200])["rows"]?.array ?? []
      names = rows.map { Thing(task: $0).name }
    case "view": names = ViewNames.all.map(\.word) + (try ViewCommand.names(session))
    default:
      let rows = try session.control("Health")["projections"]?.array ?? []
      names = rows.compactMap { $0["name"]?.string }
    }
    for name in names { invocation.terminal.print(TextWidth.sanitized(name)) }
  }
}

extension ValueKind {
  /// What `complete-names` is to be asked for; nil where there are no names.
  var names: String? {
    switch self {
    case .pillar: "pillar"
    case .theme: "theme"
    case .task: "task"
    case .projection: "projection"
    case .view: "view"
    default: nil
    }
  }
}
