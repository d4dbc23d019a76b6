import JSON

/// `planner preferences` and `planner preferences set`.
enum PreferenceCommands {
  private static let weekdays = [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  ]
  private static let weights = ["urgency", "priority", "impact", "effort"]

  static let specs: [CommandSpec] = [
    CommandSpec("preferences", "Show the preferences", options: Listing.options, run: show),
    CommandSpec(
      "preferences set", "Change preferences",
      options: weights.map {
        OptionSpec($0, .integer("PERCENT", 0...100), "The weight of \($0) in best")
      } + [
        OptionSpec("timezone", .text("ZONE"), "An IANA name, such as Europe/Berlin"),
        OptionSpec("work-start", .text("HH:MM"), "When work starts"),
        OptionSpec("work-end", .text("HH:MM"), "When work ends"),
        OptionSpec("week-start", .choice(weekdays), "The first day of the week"),
        OptionSpec("habit-learning", .choice(["on", "off"]), "Whether habits are learnt"),
        OptionSpec("extra", .text("JSON"), "An object of your own"),
        OptionSpec("clear", .choice(["extra"]), repeats: true, "Empty a field"),
      ] + Change.options,
      details: """
        The four weights sum to 100.
        Example:
          planner preferences set --urgency 50 --priority 30 --impact 10 --effort 10
        """, run: set),
  ]

  @Sendable static func show(_ invocation: Invocation) throws(Failure) {
    let listing = Listing("Preferences", empty: "No preferences.") { rows, terminal in
      rows.flatMap { lines($0, terminal.style) }
    }
    try invocation.show(listing)
  }

  private static func lines(_ row: JSON, _ style: Style) -> [String] {
    var facts = weights.map { ("weight of \($0)", row[$0]?.number.map { "\(Number.text($0)) %" }) }
    let hours = [row["workStart"]?.string, row["workEnd"]?.string].compactMap(\.self)
    facts += [
      ("timezone", row["timezone"]?.string),
      ("work", hours.isEmpty ? nil : hours.joined(separator: " to ")),
      ("week starts on", row["weekStart"]?.string),
      ("habit learning", row["habitLearning"]?.bool.map { $0 ? "on" : "off" }),
      ("extra", row["extra"]?.text),
    ]
    return facts.compactMap { label, value in
      guard let value else { return nil }
      let name = label + String(repeating: " ", count: 20 - label.count)
      return style.paint(name, .quiet) + TextWidth.sanitized(value)
    }
  }

  @Sendable static func set(_ invocation: Invocation) throws(Failure) {
    let arguments = invocation.arguments
    let plain = [
      ("timezone", "timezone"), ("work-start", "workStart"), ("work-end", "workEnd"),
      ("week-start", "weekStart"),
    ]
    let names = weights + plain.map(\.0) + ["habit-learning", "extra", "clear"]
    try invocation.needsOne(of: names)
    var fields: JSONObject = [:]
    for name in weights { fields[name] = arguments.integer(name).map { .int($0) } }
    for (option, field) in plain { fields[field] = arguments[option].map { .string($0) } }
    fields["habitLearning"] = arguments["habit-learning"].map { .bool($0 == "on") }
    if let text = arguments["extra"] { fields["extra"] = try object(text) }
    if arguments.has("clear") {
      fields["clear"] = .array(arguments.all("clear").map { .string($0) })
    }
    let changed = names.filter { $0 != "clear" && arguments.has($0) }
    let said =
      changed.map { "\($0) \(arguments[$0] ?? "")" } + arguments.all("clear").map { "no \($0)" }
    try invocation.make([
      Change(body: "changePreferences", fields: fields, subject: "preferences") { _ in
        "Set \(said.joined(separator: ", "))"
      }
    ])
  }

  private static func object(_ text: String) throws(Failure) -> JSON {
    guard let value = try? JSON.parse(text), value.object != nil else {
      throw .usage("--extra is no JSON object: “\(text)”")
    }
    return value
  }
}
