import JSON
import Scalars

/// `planner themes`, `planner ratings` and `planner theme …`.
enum ThemeCommands {
  private static let theme = PositionalSpec(
    "THEME", .theme, "The theme's name, Pillar/Theme, or id")

  static let specs: [CommandSpec] = [
    CommandSpec(
      "themes", "List the themes with their ratings",
      options: [OptionSpec("pillar", .pillar, "Only those of this pillar")] + Listing.options,
      run: list),
    CommandSpec(
      "ratings", "Show the ratings of one theme, or of all, over time",
      positionals: [
        PositionalSpec("THEME", .theme, count: .optional, "The theme's name, Pillar/Theme, or id")
      ], options: Paging.options(sorts: ["newest", "oldest"]) + Listing.options, run: ratings),
    CommandSpec(
      "theme add", "Add a theme to a pillar",
      positionals: [PositionalSpec("NAME", .text("NAME"), "Its name, 1 to 80 characters")],
      options: [OptionSpec("pillar", .pillar, "The pillar that it belongs to")] + Change.options,
      details: "Example:\n  planner theme add Sleep --pillar Health", run: add),
    CommandSpec(
      "theme edit", "Change a theme", positionals: [theme],
      options: [
        OptionSpec("name", .text("NAME"), "Its new name"),
        OptionSpec("pillar", .pillar, "The pillar that it goes to"),
      ] + Change.options, run: edit),
    CommandSpec(
      "theme rate", "Rate a theme",
      positionals: [
        theme,
        PositionalSpec("PERCENT", .integer("PERCENT", 0...100), "How it is going, 0 to 100"),
      ],
      options: [OptionSpec("note", .text("TEXT"), "A reflection")] + Change.options,
      details: "Example:\n  planner theme rate Sleep 70 --note \"In bed by eleven, most days\"",
      run: rate),
    CommandSpec(
      "theme rm", "Remove a theme with its tasks", positionals: [theme], options: Change.options,
      run: remove),
  ]

  // MARK: Lists

  @Sendable static func list(_ invocation: Invocation) throws(Failure) {
    var parameters: JSONObject = [:]
    if let name = invocation.arguments["pillar"] {
      parameters["pillarId"] = .string(try invocation.session.pillar(name).id)
    }
    let clock = invocation.session.clock
    try invocation.show(
      Listing(
        "ThemeRatings", parameters,
        empty: "No themes. Add one with: planner theme add NAME --pillar PILLAR",
        table: { table($0, idLength: $1, clock) }))
  }

  private static func table(_ rows: [JSON], idLength: Int, _ clock: Clock) -> Table {
    var table = Table([
      .init("ID"), .init("Pillar", least: 8), .init("Theme", least: 10), .init("Rating"),
      .init("Was", alignRight: true), .init("Rated"), .init("Reflection", least: 10),
    ])
    var pillar = ""
    for row in rows {
      let name = row["pillarName"]?.string ?? ""
      table.add([
        Cell(row["themeId"]?.string.map { String($0.prefix(idLength)) }, .quiet),
        // A pillar is named once, at its first theme.
        Cell(name == pillar ? "" : name, .heading), Cell(row["name"]?.string),
        PercentBar.cell(row["ratingPercent"]?.number), was(row),
        Cell(instant(row["ratedAt"]).map { RelativeDate.ago($0, clock) }, .quiet),
        Cell(row["lastReflectionNote"]?.string, .quiet),
      ])
      pillar = name
    }
    return table
  }

  private static func was(_ row: JSON) -> Cell {
    Cell(row["previousRating"]?.number.map { "\(Number.text($0)) %" }, .quiet)
  }

  static func instant(_ json: JSON?) -> Instant? { json?.string.flatMap { Instant($0) } }

  @Sendable static func ratings(_ invocation: Invocation) throws(Failure) {
    var parameters: JSONObject = ["sort": "newest"]
    var names: [String: String] = [:]
    if let name = invocation.arguments["THEME"] {
      let theme = try invocation.session.theme(name)
      parameters["themeId"] = .string(theme.id)
      names[theme.id] = theme.name
    } else if !invocation.session.options.json {
      for row in try invocation.session.rows("ThemeRatings") {
        let theme = Thing(theme: row)
        names[theme.id] = theme.name
      }
    }
    let clock = invocation.session.clock
    let listing = Listing(
      "RatingHistory", parameters, pages: .asked,
      empty: "No ratings. Rate a theme with: planner theme rate THEME PERCENT"
    ) { [names] rows, _ in
      var table = Table([
        .init("When"), .init("Theme", least: 10), .init("Rating"), .init("Was", alignRight: true),
        .init("Reflection", least: 20),
      ])
      for row in rows {
        let id = row["themeId"]?.string ?? ""
        table.add([
          Cell(instant(row["at"]).map(clock.local.text)), Cell(names[id] ?? String(id.prefix(8))),
          PercentBar.cell(row["ratingPercent"]?.number), was(row),
          Cell(row["note"]?.string, .quiet),
        ])
      }
      return table
    }
    try invocation.show(listing)
  }

  // MARK: Changes

  @Sendable static func add(_ invocation: Invocation) throws(Failure) {
    guard let pillarName = invocation.arguments["pillar"] else {
      throw .usage("--pillar is missing: a theme belongs to a pillar")
    }
    let pillar = try invocation.session.pillar(pillarName)
    let name = invocation.required("NAME")
    let id = newID(invocation.session.clock)
    let fields: JSONObject = [
      "themeId": .string(id), "pillarId": .string(pillar.id), "name": .string(name),
    ]
    try invocation.make([
      Change(body: "createTheme", fields: fields, subject: name) { _ in
        "Added theme \(name) to \(pillar.name), id \(id)"
      }
    ])
  }

  @Sendable static func edit(_ invocation: Invocation) throws(Failure) {
    try invocation.needsOne(of: ["name", "pillar"])
    let theme = try invocation.session.theme(invocation.required("THEME"))
    var fields: JSONObject = ["themeId": .string(theme.id)]
    invocation.take(["name"], into: &fields)
    var news = invocation.arguments["name"].map { ", now \($0)" } ?? ""
    if let name = invocation.arguments["pillar"] {
      let pillar = try invocation.session.pillar(name)
      fields["pillarId"] = .string(pillar.id)
      news += ", in \(pillar.name)"
    }
    try invocation.make([
      Change(body: "changeTheme", fields: fields, subject: theme.name) { [news] _ in
        "Changed theme \(theme.name)\(news)"
      }
    ])
  }

  @Sendable static func rate(_ invocation: Invocation) throws(Failure) {
    let theme = try invocation.session.theme(invocation.required("THEME"))
    let percent = invocation.arguments.integer("PERCENT") ?? 0
    var fields: JSONObject = ["themeId": .string(theme.id), "ratingPercent": .int(percent)]
    invocation.take(["note"], into: &fields)
    let was = theme.row["ratingPercent"]?.int.map { " (was \($0) %)" } ?? ""
    try invocation.make([
      Change(body: "rateTheme", fields: fields, subject: theme.name) { _ in
        "Rated \(theme.name) \(percent) %\(was)"
      }
    ])
  }

  @Sendable static func remove(_ invocation: Invocation) throws(Failure) {
    let theme = try invocation.session.theme(invocation.required("THEME"))
    try invocation.make([
      Change(body: "removeTheme", fields: ["themeId": .string(theme.id)], subject: theme.name) {
        outcome in
        let tasks = outcome.events - 1
        return "Removed theme \(theme.name)"
          + (tasks > 0 ? " with \(Number.counted(tasks, "task"))" : "")
      }
    ])
  }
}
