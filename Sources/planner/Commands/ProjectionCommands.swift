import JSON

/// The commands for operators about the builds of projections.
enum ProjectionCommands {
  private static let name = PositionalSpec("NAME", .projection, "The projection")
  private static let anyName = PositionalSpec(
    "NAME", .projection, count: .optional, "The projection; all where it is left out")

  static let specs: [CommandSpec] = [
    ProjectionNewCommand.spec,
    ProjectionTestCommand.spec,
    CommandSpec(
      "projection list", "List the builds of projections", positionals: [anyName], run: list),
    CommandSpec(
      "projection diff", "Build a changed folder and tell what it would change",
      positionals: [name],
      options: [OptionSpec("hold", "Keep the build for planner projection swap")],
      details: "What is live stays as it is.", run: diff),
    CommandSpec(
      "projection swap", "Put the build that was held in the place of the live one",
      positionals: [name],
      run: { (invocation) throws(Failure) in
        try change(invocation, "Swap", "answers from the build that was held")
      }),
    CommandSpec(
      "projection rollback", "Put the build that answered before back in its place",
      positionals: [name],
      details: "The folder is not built again until it changes.",
      run: { (invocation) throws(Failure) in
        try change(invocation, "Rollback", "answers from the build before")
      }),
    CommandSpec(
      "projection prune", "Delete the builds that are kept beside the live ones",
      positionals: [anyName], run: prune),
    CommandSpec(
      "projection failures", "List the planners that projections are parked for",
      positionals: [anyName], run: failures),
    CommandSpec(
      "projection retry", "Fold what a projection has missed of the planners it is parked for",
      positionals: [name],
      details: """
        With --planner only of that planner. Exits \(ExitCode.rejected.rawValue) where it is parked for some still.
        """, run: retry),
  ]

  private static func parameters(_ invocation: Invocation) -> JSONObject {
    var parameters: JSONObject = [:]
    parameters["projection"] = invocation.arguments["NAME"].map { .string($0) }
    return parameters
  }

  @Sendable static func list(_ invocation: Invocation) throws(Failure) {
    let reply = try invocation.session.control("Builds", .object(parameters(invocation)))
    if invocation.session.options.json { return invocation.terminal.print(reply.text) }
    var table = Table([
      .init("Projection"), .init("Build", alignRight: true), .init("State"), .init("Generation"),
      .init("Position", alignRight: true), .init("Parked", alignRight: true),
    ])
    let builds = (reply["builds"]?.array ?? []).sorted {
      ($0["projection"]?.string ?? "", $0["build"]?.int ?? 0)
        < ($1["projection"]?.string ?? "", $1["build"]?.int ?? 0)
    }
    for build in builds {
      let state = build["state"]?.string
      let parked = build["parked"]?.int ?? 0
      table.add([
        Cell(build["projection"]?.string), Cell(build["build"]?.int.map(String.init)),
        Cell(state, state == "live" ? .good : .quiet), Cell(build["generation"]?.string, .quiet),
        Cell(build["position"]?.int.map(Number.grouped)),
        Cell(Number.grouped(parked), parked == 0 ? .quiet : .poor),
      ])
    }
    invocation.terminal.print(table)
  }

  @Sendable static func diff(_ invocation: Invocation) throws(Failure) {
    var parameters = parameters(invocation)
    if invocation.arguments.has("hold") { parameters["hold"] = true }
    let reply = try invocation.session.operate("Diff", .object(parameters))
    try ControlCommands.follow([reply["jobId"]?.int ?? 0], invocation)
  }

  private static func change(_ invocation: Invocation, _ method: String, _ sentence: String)
    throws(Failure)
  {
    let reply = try invocation.session.operate(method, .object(parameters(invocation)))
    if invocation.session.options.json { return invocation.terminal.print(reply.text) }
    invocation.terminal.print(TextWidth.sanitized("\(invocation.required("NAME")) \(sentence)"))
  }

  @Sendable static func prune(_ invocation: Invocation) throws(Failure) {
    let reply = try invocation.session.operate("Prune", .object(parameters(invocation)))
    if invocation.session.options.json { return invocation.terminal.print(reply.text) }
    let builds = (reply["builds"]?.array ?? []).compactMap(\.int).map(String.init)
    invocation.terminal.print(
      builds.isEmpty ? "Nothing to delete" : "Deleted build \(builds.joined(separator: ", "))")
  }

  @Sendable static func failures(_ invocation: Invocation) throws(Failure) {
    let reply = try invocation.session.control("Failures", .object(parameters(invocation)))
    show(reply, invocation)
  }

  @Sendable static func retry(_ invocation: Invocation) throws(Failure) {
    var parameters = parameters(invocation)
    parameters["planner"] = invocation.session.options.planner.map { .string($0) }
    let reply = try invocation.session.operate("Retry", .object(parameters))
    show(reply, invocation)
    if reply["failures"]?.array?.isEmpty == false { throw .silent(.rejected) }
  }

  private static func show(_ reply: JSON, _ invocation: Invocation) {
    if invocation.session.options.json { return invocation.terminal.print(reply.text) }
    let failures = reply["failures"]?.array ?? []
    if failures.isEmpty { return invocation.terminal.print("Nothing is parked") }
    var table = Table([
      .init("Projection"), .init("Planner"), .init("Event", alignRight: true), .init("Type"),
      .init("Since"), .init("Message", least: 20),
    ])
    let clock = invocation.session.clock
    for failure in failures {
      table.add([
        Cell(failure["projection"]?.string), Cell(failure["planner"]?.string ?? "all", .quiet),
        Cell(failure["position"]?.int.map(Number.grouped)), Cell(failure["eventType"]?.string),
        Cell(ThemeCommands.instant(failure["parkedAt"]).map { RelativeDate.ago($0, clock) }),
        Cell(failure["message"]?.string, .poor),
      ])
    }
    invocation.terminal.print(table)
  }
}
