import Glibc
import JSON
import Scalars

/// `planner audit`.
enum AuditCommand {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "audit", "List who attempted what, the newest first",
      options: [
        OptionSpec("since", .time("TIME"), "From this time on"),
        OptionSpec("until", .time("TIME"), "Before this time"),
        OptionSpec("uid", .text("USER"), "By this Unix user, a number or a name"),
        OptionSpec("person", .text("ID"), "By this person"),
        OptionSpec("entity", .text("THING"), "On this pillar, theme or task"),
        OptionSpec("command", .text("NAME"), "This command, such as rateTheme"),
        OptionSpec("type", .text("EVENT"), "That wrote this event, such as ThemeRated"),
        OptionSpec(
          "result",
          .choice(["applied", "duplicate", "rejected", "conflict", "denied"]),
          "With this result"),
        OptionSpec("oldest", "The oldest first"),
      ] + Paging.options(),
      details: """
        Example:
          planner audit --since -3d --result rejected
        """, run: run)
  ]

  @Sendable static func run(_ invocation: Invocation) throws(Failure) {
    let clock = invocation.session.clock
    let parameters = try filters(invocation)
    try Paging.pages(
      invocation, parameters, member: "entries", empty: "Nothing on record.",
      table: { table($0, clock) },
      ask: { parameters throws(Failure) in
        try invocation.session.planner("Audit", parameters)
      })
  }

  private static func filters(_ invocation: Invocation) throws(Failure) -> JSONObject {
    let arguments = invocation.arguments
    var parameters: JSONObject = [:]
    for name in ["since", "until"] {
      parameters[name] = try invocation.time(name, .back).map { .string($0.instant.description) }
    }
    let texts = [
      ("person", "personId"), ("command", "command"), ("type", "eventType"), ("result", "result"),
    ]
    for (option, field) in texts { parameters[field] = arguments[option].map { .string($0) } }
    if let text = arguments["entity"] {
      parameters["entityId"] = .string(try invocation.session.thing(text))
    }
    if let text = arguments["uid"] { parameters["uid"] = .int(try uid(text)) }
    if arguments.has("oldest") { parameters["order"] = "oldest" }
    return parameters
  }

  private static func table(_ rows: [JSON], _ clock: Clock) -> Table {
    var names: [Int: String] = [:]
    var table = Table([
      .init("When"), .init("Who"), .init("Command"), .init("Result"), .init("On"),
      .init("Events", least: 12), .init("Position", alignRight: true),
      .init("Took", alignRight: true), .init("Error", least: 16),
    ])
    for row in rows {
      let uid = row["uid"]?.int ?? -1
      let name = names[uid] ?? userName(uid)
      names[uid] = name
      table.add([
        Cell(
          ThemeCommands.instant(row["at"]).map {
            "\(clock.local.date($0)) \(clock.local.clock($0))"
          }),
        Cell(name), Cell(row["command"]?.string), result(row),
        Cell(row["entityId"]?.string.map { String($0.prefix(13)) }, .quiet), Cell(events(row)),
        Cell(positions(row)), Cell(row["durationMicroseconds"]?.int.map(duration)), error(row),
      ])
    }
    return table
  }

  private static func result(_ row: JSON) -> Cell {
    let result = row["result"]?.string ?? ""
    switch result {
    case "applied": return Cell(result, .good)
    case "duplicate": return Cell(result, .quiet)
    default: return Cell(result, .poor)
    }
  }

  private static func error(_ row: JSON) -> Cell {
    Cell([row["error"]?.string, row["message"]?.string].compactMap(\.self).joined(separator: ": "))
  }

  /// `ThemeRated`, and `TaskRemoved ×3` for several of one type.
  private static func events(_ row: JSON) -> String {
    var counts: [(type: String, count: Int)] = []
    for type in (row["eventTypes"]?.array ?? []).compactMap(\.string) {
      if let index = counts.firstIndex(where: { $0.type == type }) {
        counts[index].count += 1
      } else {
        counts.append((type, 1))
      }
    }
    return counts.map { $0.count == 1 ? $0.type : "\($0.type) ×\($0.count)" }
      .joined(separator: ", ")
  }

  private static func positions(_ row: JSON) -> String? {
    guard let first = row["firstPosition"]?.int, let last = row["lastPosition"]?.int else {
      return nil
    }
    return first == last ? "\(first)" : "\(first)–\(last)"
  }

  static func duration(_ microseconds: Int) -> String {
    microseconds < 10_000
      ? "\(Number.fixed(Double(microseconds) / 1_000, 1)) ms"
      : microseconds < 1_000_000
        ? "\(microseconds / 1_000) ms" : "\(Number.fixed(Double(microseconds) / 1e6, 1)) s"
  }

  /// The name of a Unix user on this machine, else the number.
  private static func uid(_ text: String) throws(Failure) -> Int {
    if let number = UInt32(text) { return Int(number) }
    guard let entry = getpwnam(text) else { throw .usage("--uid: there is no user “\(text)”") }
    return Int(entry.pointee.pw_uid)
  }

  static func userName(_ uid: Int) -> String {
    guard let id = uid_t(exactly: uid), let entry = getpwuid(id) else { return "uid \(uid)" }
    return String(cString: entry.pointee.pw_name)
  }
}
