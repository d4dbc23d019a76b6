import JSON

/// `planner pillars` and `planner pillar …`.
enum PillarCommands {
  private static let pillar = PositionalSpec("PILLAR", .pillar, "The pillar's name or id")
  private static let color = OptionSpec("color", .text("#RRGGBB"), "Its colour")
  private static let domain = OptionSpec("domain", .choice(["work", "personal"]), "Its domain")

  static let specs: [CommandSpec] = [
    CommandSpec(
      "pillars", "List the pillars with the averages of their themes", options: Listing.options,
      run: list),
    CommandSpec(
      "pillar add", "Add a pillar",
      positionals: [PositionalSpec("NAME", .text("NAME"), "Its name, 1 to 80 characters")],
      options: [color, domain] + Change.options,
      details: "Example:\n  planner pillar add Health --color '#22aa66' --domain personal", run: add
    ),
    CommandSpec(
      "pillar edit", "Change a pillar", positionals: [pillar],
      options: [OptionSpec("name", .text("NAME"), "Its new name"), color, domain] + Change.options,
      run: edit),
    CommandSpec(
      "pillar rm", "Remove a pillar with its themes and their tasks", positionals: [pillar],
      options: Change.options, run: remove),
  ]

  @Sendable static func list(_ invocation: Invocation) throws(Failure) {
    let listing = Listing(
      "PillarAverages", empty: "No pillars. Add one with: planner pillar add NAME"
    ) { rows, length in
      var table = Table([
        .init("ID"), .init("Pillar", least: 12), .init("Domain"), .init("Average"),
        .init("Themes", alignRight: true), .init("Rated", alignRight: true),
      ])
      for row in rows {
        table.add([
          Cell(row["pillarId"]?.string.map { String($0.prefix(length)) }, .quiet), name(row),
          Cell(row["domain"]?.string), PercentBar.cell(row["avgPercent"]?.number),
          Cell(row["themes"]?.int.map(String.init)), Cell(row["ratedThemes"]?.int.map(String.init)),
        ])
      }
      return table
    }
    try invocation.show(listing)
  }

  /// The name behind a dot in the pillar's colour.
  private static func name(_ row: JSON) -> Cell {
    let dot = Cell("● ", .color(row["color"]?.string ?? ""))
    return Cell(pieces: dot.pieces + Cell(row["name"]?.string, .heading).pieces)
  }

  @Sendable static func add(_ invocation: Invocation) throws(Failure) {
    let name = invocation.required("NAME")
    let id = newID(invocation.session.clock)
    var fields: JSONObject = ["pillarId": .string(id), "name": .string(name)]
    invocation.take(["color", "domain"], into: &fields)
    try invocation.make([
      Change(body: "createPillar", fields: fields, subject: name) { _ in
        "Added pillar \(name), id \(id)"
      }
    ])
  }

  @Sendable static func edit(_ invocation: Invocation) throws(Failure) {
    try invocation.needsOne(of: ["name", "color", "domain"])
    let pillar = try invocation.session.pillar(invocation.required("PILLAR"))
    var fields: JSONObject = ["pillarId": .string(pillar.id)]
    invocation.take(["name", "color", "domain"], into: &fields)
    let name = invocation.arguments["name"]
    try invocation.make([
      Change(body: "changePillar", fields: fields, subject: pillar.name) { _ in
        "Changed pillar \(pillar.name)" + (name.map { ", now \($0)" } ?? "")
      }
    ])
  }

  @Sendable static func remove(_ invocation: Invocation) throws(Failure) {
    let pillar = try invocation.session.pillar(invocation.required("PILLAR"))
    let themes = pillar.row["themes"]?.int ?? 0
    try invocation.make([
      Change(body: "removePillar", fields: ["pillarId": .string(pillar.id)], subject: pillar.name) {
        outcome in
        let tasks = max(0, outcome.events - 1 - themes)
        let inside =
          outcome.events > 1
          ? " with \(Number.counted(themes, "theme")) and \(Number.counted(tasks, "task"))" : ""
        return "Removed pillar \(pillar.name)\(inside)"
      }
    ])
  }
}

extension Invocation {
  /// Puts the options of these names among the fields of a command.
  func take(_ names: [String], into fields: inout JSONObject) {
    for name in names {
      if let value = arguments[name] { fields[name] = .string(value) }
    }
  }

  /// A change without anything to change is a slip of the person who typed it.
  func needsOne(of options: [String]) throws(Failure) {
    guard !options.contains(where: arguments.has) else { return }
    throw .usage("nothing to change; give one of --\(options.joined(separator: ", --"))")
  }
}
