/// All commands of the program, from which parsing, help and completions are made.
enum CommandTable {
  static let commands: [CommandSpec] =
    PillarCommands.specs + ThemeCommands.specs + TaskLists.specs + TaskCommands.specs
    + PreferenceCommands.specs + SeriesCommands.specs + ApplyCommand.specs + WhatIfCommand.specs
    + UndoCommands.specs + HistoryCommand.specs + PastCommands.specs + ViewCommand.specs
    + AuditCommand.specs + FollowCommand.specs + ControlCommands.specs + ProjectionCommands.specs
    + CallCommand.specs + CompletionCommand.specs

  /// The sections of the program's help: a title, and first words of commands.
  static let sections: [(String, [String])] = [
    ("Planning", ["pillars", "pillar", "themes", "theme", "ratings", "tasks", "task", "best"]),
    ("How it goes", ["trend", "momentum", "throughput", "tags", "activity"]),
    ("More", ["removed", "preferences", "apply", "what-if", "view", "views"]),
    ("History", ["undo", "redo", "history", "why", "changes", "audit", "follow"]),
    (
      "The daemon",
      [
        "status", "health", "rebuild", "verify", "verify-log", "jobs", "watch", "cancel", "reload",
        "projection",
      ]
    ),
    ("The shell", ["call", "completions"]),
  ]
}
