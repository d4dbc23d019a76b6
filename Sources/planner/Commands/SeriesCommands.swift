import JSON
import Scalars

/// `planner trend`, `momentum`, `throughput`, `tags` and `activity`: how things went.
enum SeriesCommands {
  private static let days: [OptionSpec] = [
    OptionSpec("from", .time("DAY"), "From this day on"),
    OptionSpec("to", .time("DAY"), "To this day, inclusive"),
  ]
  private static let pillar = OptionSpec("pillar", .pillar, "Only this pillar")

  static let specs: [CommandSpec] = [
    CommandSpec(
      "trend", "Show how the averages of the pillars went, day by day",
      positionals: [PositionalSpec("PILLAR", .pillar, count: .optional, "Only this one, by days")],
      options: days + Listing.options,
      details: "The last \(SeriesCommands.trendDays) days, unless --from says otherwise.",
      run: trend),
    CommandSpec(
      "momentum", "Show which themes are on the rise, by ratings and finished tasks",
      options: [pillar] + Listing.options,
      details: """
        Smoothed means that a rating counts half as much as one 56 days later; recent, one 14 days later.
        Momentum is the recent one less the smoothed one: above 0 it gets better.
        """, run: momentum),
    CommandSpec(
      "throughput", "Show how many tasks were created and done, day by day",
      options: [pillar, OptionSpec("inbox", "Only the inbox")] + days
        + Paging.options(sorts: ["newest", "oldest"]) + Listing.options, run: throughput),
    CommandSpec(
      "tags", "List the tags with their tasks and minutes",
      options: Paging.options(sorts: ["tag", "left"]) + Listing.options, run: tags),
    CommandSpec(
      "activity", "List what happened, in words, the newest first",
      options: [
        OptionSpec("entity", .text("THING"), "To this pillar, theme or task"),
        OptionSpec("since", .time("TIME"), "From this time on"),
        OptionSpec("until", .time("TIME"), "Before this time"),
      ] + Paging.options(sorts: ["newest", "oldest"]) + Listing.options, run: activity),
  ]

  private static let trendDays = 60

  /// Puts --from and --to among the parameters.
  private static func takeDays(
    _ invocation: Invocation, into parameters: inout JSONObject
  ) throws(Failure) {
    for (option, field) in [("from", "fromDay"), ("to", "toDay")] {
      guard let when = try invocation.time(option, .back) else { continue }
      let day = when.date ?? invocation.session.clock.local.date(when.instant)
      parameters[field] = .string(day.description)
    }
  }

  private static func takePillar(
    _ name: String?, _ session: Session, into parameters: inout JSONObject
  ) throws(Failure) {
    guard let name else { return }
    parameters["pillarId"] = .string(try session.pillar(name).id)
  }

  // MARK: Trend

  @Sendable static func trend(_ invocation: Invocation) throws(Failure) {
    var parameters: JSONObject = [:]
    let pillar = invocation.arguments["PILLAR"]
    try takePillar(pillar, invocation.session, into: &parameters)
    try takeDays(invocation, into: &parameters)
    if parameters["fromDay"] == nil {
      let last = parameters["toDay"]?.string.flatMap { CalendarDate($0) }
      let today = (last ?? invocation.session.clock.today).daysSinceEpoch
      let first = CalendarDate(daysSinceEpoch: today - trendDays + 1)
      parameters["fromDay"] = .string(first.description)
    }
    parameters["sort"] = "oldest"
    parameters["limit"] = .int(Paging.maxLimit)
    let width = max(10, (invocation.terminal.width ?? 100) - 50)
    try invocation.show(
      Listing(
        "PillarTrend", parameters, pages: .all, empty: "No ratings in that time.",
        table: { rows, _ in pillar == nil ? plot(rows, width: width) : days(rows) }))
  }

  /// A line of blocks for each pillar.
  private static func plot(_ rows: [JSON], width: Int) -> Table {
    var order: [String] = []
    var series: [String: [JSON]] = [:]
    for row in rows {
      let id = row["pillarId"]?.string ?? ""
      if series[id] == nil { order.append(id) }
      series[id, default: []].append(row)
    }
    let longest = series.values.map(\.count).max() ?? 0
    var table = Table([
      .init("Pillar", least: 8), .init("Trend"), .init("First", alignRight: true), .init("Last"),
      .init("Change", alignRight: true),
    ])
    for id in order {
      let rows = series[id] ?? []
      let percents = rows.map { $0["avgPercent"]?.number }
      // A pillar whose first rating is later than that of others ends where they end.
      let padded = [Double?](repeating: nil, count: longest - rows.count) + percents
      let known = percents.compactMap(\.self)
      let tone = known.last.map(PercentBar.tone) ?? .quiet
      table.add([
        Cell(rows.first?["pillarName"]?.string, .heading),
        Cell(Sparkline.text(padded, width: width), tone), Cell(percent(known.first), .quiet),
        PercentBar.cell(percents.last ?? nil), change(known),
      ])
    }
    return table
  }

  private static func percent(_ value: Double?) -> String? {
    value.map { "\(Number.text($0)) %" }
  }

  private static func change(_ known: [Double]) -> Cell {
    guard let first = known.first, let last = known.last else { return Cell("") }
    return signed(last - first, digits: 0)
  }

  /// `+3`, `-2` or `0`, by its tone too.
  private static func signed(_ value: Double?, digits: Int) -> Cell {
    guard let value else { return Cell("") }
    let text = Number.fixed(value, digits)
    let isZero = text.allSatisfy { "0.".contains($0) }
    return Cell(
      value > 0 && !isZero ? "+\(text)" : text,
      isZero ? .quiet : value > 0 ? .good : .poor)
  }

  /// A bar for each day on which it was another than the day before.
  private static func days(_ rows: [JSON]) -> Table {
    var table = Table([
      .init("Day"), .init("Average"), .init("Change", alignRight: true),
      .init("Rated", alignRight: true),
    ])
    var before: JSON?
    for (index, row) in rows.enumerated() {
      let isSame =
        row["avgPercent"] == before?["avgPercent"]
        && row["ratedThemes"] == before?["ratedThemes"]
      defer { before = row }
      if isSame && index < rows.count - 1 { continue }
      let now = row["avgPercent"]?.number
      let was = before?["avgPercent"]?.number
      let step = was.flatMap { was in now.map { $0 - was } }
      table.add([
        Cell(row["day"]?.string), PercentBar.cell(now), signed(step, digits: 0),
        Cell(row["ratedThemes"]?.int.map(String.init)),
      ])
    }
    return table
  }

  // MARK: Momentum

  @Sendable static func momentum(_ invocation: Invocation) throws(Failure) {
    var parameters: JSONObject = [:]
    try takePillar(invocation.arguments["pillar"], invocation.session, into: &parameters)
    let listing = Listing(
      "ThemeMomentum", parameters,
      empty: "No themes. Add one with: planner theme add NAME --pillar PILLAR"
    ) { rows, _ in
      var table = Table([
        .init("Theme", least: 10), .init("Rating"), .init("Smoothed", alignRight: true),
        .init("Recent", alignRight: true), .init("Momentum", alignRight: true),
        .init("Done", alignRight: true), .init("A week", alignRight: true),
        .init("Recently", alignRight: true), .init("Momentum", alignRight: true),
      ])
      for row in rows {
        table.add([
          Cell(row["name"]?.string, .heading), PercentBar.cell(row["ratingPercent"]?.number),
          Cell(row["smoothedRating"]?.number.map { Number.fixed($0, 1) }),
          Cell(row["recentRating"]?.number.map { Number.fixed($0, 1) }),
          signed(row["ratingMomentum"]?.number, digits: 1),
          Cell(row["doneTasks"]?.int.map(String.init)), weekly(row["donePerDay"]),
          weekly(row["recentDonePerDay"]),
          signed(row["doneMomentum"]?.number.map { $0 * 7 }, digits: 2),
        ])
      }
      return table
    }
    try invocation.show(listing)
  }

  private static func weekly(_ perDay: JSON?) -> Cell {
    Cell(perDay?.number.map { Number.fixed($0 * 7, 2) })
  }

  // MARK: Throughput and tags

  @Sendable static func throughput(_ invocation: Invocation) throws(Failure) {
    try invocation.exclusive(["pillar", "inbox"])
    var parameters: JSONObject = ["sort": "newest"]
    try takePillar(invocation.arguments["pillar"], invocation.session, into: &parameters)
    if invocation.arguments.has("inbox") { parameters["inbox"] = true }
    try takeDays(invocation, into: &parameters)
    let counts = ["created", "done", "reopened", "removed", "open"]
    let listing = Listing(
      "DailyThroughput", parameters, pages: .asked, empty: "No tasks in that time."
    ) { rows, _ in
      var table = Table(
        [.init("Day"), .init("Pillar", least: 8)]
          + counts.map { .init($0.prefix(1).uppercased() + $0.dropFirst(), alignRight: true) })
      for row in rows {
        table.add(
          [Cell(row["day"]?.string), Cell(row["pillarName"]?.string ?? "inbox", .heading)]
            + counts.map { name in
              let count = row[name]?.int ?? 0
              return Cell(String(count), count == 0 ? .quiet : .plain)
            })
      }
      return table
    }
    try invocation.show(listing)
  }

  @Sendable static func tags(_ invocation: Invocation) throws(Failure) {
    let listing = Listing(
      "TagTotals", pages: .asked,
      empty: "No tags. Give a task one with: planner task edit TASK --add-tag TAG"
    ) { rows, _ in
      var table = Table([
        .init("Tag", least: 10), .init("Open", alignRight: true),
        .init("In progress", alignRight: true), .init("Done", alignRight: true),
        .init("Minutes left", alignRight: true), .init("Minutes done", alignRight: true),
      ])
      for row in rows {
        table.add(
          [Cell(row["tag"]?.string.map { "#\($0)" }, .heading)]
            + ["open", "inProgress", "done", "minutesLeft", "minutesDone"].map { name in
              Cell(row[name]?.int.map { Number.grouped($0) })
            })
      }
      return table
    }
    try invocation.show(listing)
  }

  // MARK: Activity

  @Sendable static func activity(_ invocation: Invocation) throws(Failure) {
    var parameters: JSONObject = ["sort": "newest"]
    for name in ["since", "until"] {
      parameters[name] = try invocation.time(name, .back).map { .string($0.instant.description) }
    }
    if let text = invocation.arguments["entity"] {
      parameters["entityId"] = .string(try invocation.session.thing(text))
    }
    let clock = invocation.session.clock
    let listing = Listing(
      "Activity", parameters, pages: .asked, empty: "Nothing happened."
    ) { rows, _ in
      var table = Table([
        .init("When"), .init("What", least: 24), .init("Who"),
        .init("Position", alignRight: true),
      ])
      for row in rows {
        table.add([
          Cell(ThemeCommands.instant(row["at"]).map(clock.local.text)),
          Cell(row["text"]?.string, row["undone"]?.bool == true ? .quiet : .plain),
          Cell(AuditCommand.userName(row["uid"]?.int ?? -1), .quiet),
          Cell(row["position"]?.int.map { "\($0)" }, .quiet),
        ])
      }
      return table
    }
    try invocation.show(listing)
  }
}
