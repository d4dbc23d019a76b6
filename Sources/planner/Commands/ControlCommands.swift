import JSON

/// The commands for operators: jobs, health, the log.
enum ControlCommands {
  private static let job = PositionalSpec(
    "JOB", .integer("JOB", 0...Int.max), "Its number, from planner jobs")

  static let specs: [CommandSpec] = [
    CommandSpec("status", "Show the daemon, the caller and the projections", run: status),
    CommandSpec(
      "health", "Say whether the daemon is ready; exits 10 where it is not", run: health),
    CommandSpec(
      "rebuild", "Rebuild a projection from the log, and wait for it",
      positionals: [PositionalSpec("NAME", .projection, "The projection")],
      options: [OptionSpec("dry-run", "Say how long it would take, and change nothing")],
      run: rebuild),
    CommandSpec(
      "verify", "Compare a projection, or all, with a fresh fold of the log",
      positionals: [PositionalSpec("NAME", .projection, count: .optional, "The projection")],
      options: [
        OptionSpec("repair", "Make the rows that differ those of the fresh fold")
      ],
      details: """
        With --planner only the rows of that planner. Exits 1 where one differs and was not mended.
        """, run: verify),
    CommandSpec(
      "verify-log", "Check positions, versions and the hash chain of the log", run: verifyLog),
    CommandSpec(
      "jobs", "List rebuilds and verifications, the newest first",
      options: [
        OptionSpec("limit", .integer("COUNT", 1...Paging.maxLimit), "At most so many (20)")
      ],
      run: jobs),
    CommandSpec(
      "watch", "Watch a job to its end", positionals: [job],
      run: { (invocation) throws(Failure) in
        try follow([invocation.arguments.integer("JOB") ?? 0], invocation)
      }),
    CommandSpec("cancel", "Cancel a job", positionals: [job], run: cancel),
    CommandSpec("reload", "Read the folders of projections again", run: reload),
  ]

  // MARK: State

  @Sendable static func status(_ invocation: Invocation) throws(Failure) {
    let health = try invocation.session.control("Health")
    // Without a database the daemon may not know who is calling; its health is still worth showing.
    let described = Result { () throws(Failure) in try invocation.session.planner("Describe") }
    let terminal = invocation.terminal
    if invocation.session.options.json {
      if case .success(let reply) = described { terminal.print(reply.text) }
      terminal.print(health.text)
    } else {
      if case .success(let reply) = described { describe(reply, terminal) }
      tell(health, terminal)
      terminal.print(projections(health, invocation.session.clock))
    }
    if health["state"]?.string != "ready" { throw .silent(.databaseUnavailable) }
    if case .failure(let failure) = described { throw failure }
  }

  private static func describe(_ reply: JSON, _ terminal: Terminal) {
    let schema = reply["schemaVersion"]?.int.map { ", schema \($0)" } ?? ""
    fact("plannerd", "\(reply["version"]?.string ?? "")\(schema)", terminal)
    let role = reply["administrator"]?.bool == true ? ", administrator" : ""
    fact("you", "\(reply["personId"]?.string ?? "")\(role)", terminal)
    fact("planner", reply["planner"]?.string ?? "", terminal)
  }

  private static func tell(_ health: JSON, _ terminal: Terminal) {
    let state = health["state"]?.string ?? "unknown"
    let message = health["message"]?.string.map { ": \($0)" } ?? ""
    let tone: Tone = state == "ready" ? .good : .poor
    fact("state", terminal.style.paint(state, tone) + TextWidth.sanitized(message), terminal)
    fact("position", Number.grouped(health["position"]?.int ?? 0), terminal)
    fact("connections", Number.grouped(health["connections"]?.int ?? 0), terminal)
    let behind = health["clockBehindLogSeconds"]?.number ?? 0
    if behind > 0 {
      fact("clock", "\(Number.text(behind)) s behind the log", terminal)
    }
  }

  private static func fact(_ label: String, _ value: String, _ terminal: Terminal) {
    let name = label + String(repeating: " ", count: max(1, 13 - label.count))
    terminal.print(terminal.style.paint(name, .quiet) + value)
  }

  private static func projections(_ health: JSON, _ clock: Clock) -> Table {
    var table = Table([
      .init("Projection"), .init("State"), .init("Position", alignRight: true),
      .init("Lag", alignRight: true), .init("Generation"), .init("Build", alignRight: true),
      .init("Proved"), .init("Message", least: 20),
    ])
    for row in health["projections"]?.array ?? [] {
      let lag = row["lag"]?.int ?? 0
      let state = row["state"]?.string
      table.add([
        Cell(row["name"]?.string), Cell(state, state == "live" ? .good : .fair),
        Cell(row["position"]?.int.map(Number.grouped)),
        Cell(Number.grouped(lag), lag == 0 ? .plain : .fair),
        Cell(row["generation"]?.string.map { String($0.prefix(12)) }, .quiet),
        Cell(row["build"]?.int.map(String.init), .quiet), proof(row, clock),
        Cell(row["message"]?.string, .poor),
      ])
    }
    return table
  }

  /// When the view was last compared with the log, and whether it was right.
  private static func proof(_ row: JSON, _ clock: Clock) -> Cell {
    guard let at = ThemeCommands.instant(row["provedAt"]) else { return Cell("not yet", .quiet) }
    if row["proofProblem"]?.string != nil {
      return Cell("wrong, \(RelativeDate.ago(at, clock))", .poor)
    }
    return Cell(RelativeDate.ago(at, clock), .good)
  }

  @Sendable static func health(_ invocation: Invocation) throws(Failure) {
    let reply = try invocation.session.control("Health")
    let state = reply["state"]?.string ?? "unknown"
    if invocation.session.options.json {
      invocation.terminal.print(reply.text)
    } else {
      let message = reply["message"]?.string.map { ": \($0)" } ?? ""
      let projections = reply["projections"]?.array ?? []
      let lag = projections.compactMap { $0["lag"]?.int }.max() ?? 0
      let troubled = projections.filter { $0["state"] != "live" }.compactMap { row in
        row["name"]?.string.map { "\($0) \(row["state"]?.string ?? "")" }
      }
      invocation.terminal.print(
        TextWidth.sanitized(
          "\(state)\(message), position \(Number.grouped(reply["position"]?.int ?? 0)), "
            + "lag \(Number.grouped(lag))"
            + (troubled.isEmpty ? "" : ", \(troubled.joined(separator: ", "))")))
    }
    if state != "ready" { throw .silent(.databaseUnavailable) }
  }

  // MARK: Jobs

  @Sendable static func rebuild(_ invocation: Invocation) throws(Failure) {
    let name = invocation.required("NAME")
    if invocation.arguments.has("dry-run") { return try estimate(name, invocation) }
    let reply = try invocation.session.operate("Rebuild", ["projection": .string(name)])
    try follow([reply["jobId"]?.int ?? 0], invocation)
  }

  private static func estimate(_ name: String, _ invocation: Invocation) throws(Failure) {
    let reply = try invocation.session.control(
      "Rebuild", ["projection": .string(name), "dryRun": true])
    if invocation.session.options.json { return invocation.terminal.print(reply.text) }
    let estimate = reply["estimate"] ?? .null
    let rate = Int(estimate["eventsPerSecond"]?.number ?? 0)
    invocation.terminal.print(
      "\(name) would be rebuilt in about \(Number.seconds(estimate["seconds"]?.number ?? 0)): "
        + "\(Number.counted(estimate["events"]?.int ?? 0, "event")), "
        + "\(Number.grouped(rate)) a second (measured on the newest)")
  }

  @Sendable static func verify(_ invocation: Invocation) throws(Failure) {
    var parameters: JSONObject = [:]
    parameters["projection"] = invocation.arguments["NAME"].map { .string($0) }
    parameters["planner"] = invocation.session.options.planner.map { .string($0) }
    if invocation.arguments.has("repair") { parameters["repair"] = true }
    let reply = try invocation.session.operate("Verify", .object(parameters))
    try follow((reply["jobIds"]?.array ?? []).compactMap(\.int), invocation)
  }

  static func follow(_ jobs: [Int], _ invocation: Invocation) throws(Failure) {
    let watch = JobWatch(invocation: invocation)
    var worst = ExitCode.ok
    for job in jobs {
      let code = watch.tell(try watch.end(of: job))
      if code != .ok { worst = code }
    }
    if worst != .ok { throw .silent(worst) }
  }

  @Sendable static func jobs(_ invocation: Invocation) throws(Failure) {
    let limit = invocation.arguments.integer("limit") ?? 20
    let reply = try invocation.session.control("Jobs", ["limit": .int(limit)])
    if invocation.session.options.json { return invocation.terminal.print(reply.text) }
    let jobs = reply["jobs"]?.array ?? []
    if jobs.isEmpty { return invocation.terminal.print("No jobs.") }
    let clock = invocation.session.clock
    var table = Table([
      .init("Job", alignRight: true), .init("Kind"), .init("Projection"), .init("State"),
      .init("Events", alignRight: true), .init("Started"), .init("Message", least: 20),
    ])
    for job in jobs {
      let started = ThemeCommands.instant(job["startedAt"])
      table.add([
        Cell(job["jobId"]?.int.map(String.init)), Cell(job["kind"]?.string),
        Cell(job["projection"]?.string), state(job),
        Cell(job["progress"]?["processed"]?.int.map(Number.grouped)),
        Cell(started.map { RelativeDate.ago($0, clock) }), Cell(job["message"]?.string),
      ])
    }
    invocation.terminal.print(table)
  }

  private static func state(_ job: JSON) -> Cell {
    let state = job["state"]?.string ?? ""
    if job["report"]?["equal"]?.bool == false { return Cell("\(state), differs", .poor) }
    switch state {
    case "done": return Cell(state, .good)
    case "running": return Cell(state, .started)
    case "failed": return Cell(state, .poor)
    default: return Cell(state, .quiet)
    }
  }

  @Sendable static func cancel(_ invocation: Invocation) throws(Failure) {
    let id = invocation.arguments.integer("JOB") ?? 0
    let reply = try invocation.session.operate("Cancel", ["jobId": .int(id)])
    if invocation.session.options.json { return invocation.terminal.print(reply.text) }
    let job = reply["job"] ?? .null
    invocation.terminal.print(
      "Job \(id), \(job["kind"]?.string ?? "") of \(job["projection"]?.string ?? ""): "
        + (job["state"]?.string ?? ""))
  }

  // MARK: Log and folders

  @Sendable static func verifyLog(_ invocation: Invocation) throws(Failure) {
    let reply = try invocation.session.control("VerifyLog")
    let terminal = invocation.terminal
    let isValid = reply["valid"]?.bool == true
    if invocation.session.options.json {
      terminal.print(reply.text)
    } else {
      let word = terminal.style.paint(isValid ? "valid" : "damaged", isValid ? .good : .poor)
      terminal.print(
        "The log is \(word) up to position \(Number.grouped(reply["position"]?.int ?? 0)), "
          + "head \(reply["headHash"]?.string ?? "")")
      for problem in reply["problems"]?.array ?? [] {
        terminal.print(
          TextWidth.sanitized(
            "  position \(problem["position"]?.int ?? 0): \(problem["problem"]?.string ?? "")"))
      }
    }
    if !isValid { throw .silent(.fault) }
  }

  @Sendable static func reload(_ invocation: Invocation) throws(Failure) {
    let reply = try invocation.session.operate("Reload")
    let terminal = invocation.terminal
    let refused = reply["refused"]?.array ?? []
    if invocation.session.options.json {
      terminal.print(reply.text)
    } else {
      for kind in ["added", "changed", "removed", "unchanged"] {
        let names = (reply[kind]?.array ?? []).compactMap(\.string)
        if !names.isEmpty { fact(kind, names.joined(separator: ", "), terminal) }
      }
      for refusal in refused {
        let file = refusal["file"]?.string ?? ""
        let place = file.isEmpty ? "" : "/\(file):\(refusal["line"]?.int ?? 0)"
        terminal.complain(
          TextWidth.sanitized(
            "\(refusal["projection"]?.string ?? "")\(place): \(refusal["message"]?.string ?? "")"))
      }
    }
    if !refused.isEmpty { throw .silent(.rejected) }
  }
}
