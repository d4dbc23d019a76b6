import EventLoop
import Files
import JSON
import TestSupport
import Testing

/// The program `planner` as people use it at a shell: what it prints and how it ends, with a daemon behind it.
@Suite(.turns) struct ShellTests {
  @Test @EventLoop
  func `a person plans, rates, works and tidies up`() async throws {
    let shell = try await Shell.start()
    try await shell.says(["pillars"], "No pillars")
    try await shell.says(
      ["pillar", "add", "Health", "--color", "#22aa66", "--domain", "personal"],
      "Added pillar Health")
    try await shell.says(["pillar", "add", "Work", "--domain", "work"], "Added pillar Work")
    try await shell.says(
      ["theme", "add", "Sleep", "--pillar", "Health"], "Added theme Sleep to Health")
    try await shell.says(["theme", "add", "Sport", "--pillar", "heal"], "Added theme Sport")
    try await shell.says(["theme", "add", "Sport", "--pillar", "Work"], "Added theme Sport")
    try await shell.says(["theme", "rate", "Sleep", "70", "--note", "Better"], "Rated Sleep 70 %")
    try await shell.says(["theme", "rate", "Health/Sport", "45"], "Rated Sport 45 %")
    try await shell.says(["theme", "rate", "Sleep", "61"], "Rated Sleep 61 %")
    try await shell.says(["pillars"], "Health", "█████░░░░░  53 %", "Work", "not rated")
    try await shell.says(["themes", "--pillar", "Health"], "Sleep", "61 %", "70 %", "45 %")
    try await shell.says(["ratings", "Sleep"], "70 %", "61 %", "Better")
    try await shell.says(["ratings"], "45 %", "61 %")
    try await shell.says(
      ["task", "add", "Buy earplugs", "--theme", "Sleep", "--impact", "H", "--estimate", "30m"],
      "Added “Buy earplugs” to Sleep")
    try await shell.says(
      ["task", "add", "Run", "--theme", "Health/Sport", "--due", "2031-11-25", "--tag", "out"],
      "Added “Run”", "due 2031-11-25")
    try await shell.says(["task", "add", "Think"], "Added “Think” to the inbox")
    try await shell.says(["tasks"], "Buy earplugs", "Run", "Think", "inbox")
    try await shell.says(["tasks", "--theme", "Sleep"], "Buy earplugs", not: "Run")
    try await shell.says(["tasks", "--inbox"], "Think", not: "Buy earplugs")
    try await shell.says(["tasks", "--tag", "out", "--sort", "due"], "Run", not: "Think")
    try await shell.says(["best", "--limit", "1"], "Buy earplugs", "0.")
    try await shell.says(["task", "start", "Run"], "Started “Run”")
    try await shell.says(["task", "edit", "Think", "--title", "Think twice"], "Think twice")
    try await shell.says(["task", "move", "Think twice", "--theme", "Work/Sport"], "Think twice")
    try await shell.says(["task", "rank", "Think", "--first"], "Think twice")
    try await shell.says(["task", "snooze", "Buy", "2031-01-01"], "Buy earplugs")
    try await shell.says(["best"], "Run", not: "earplugs")
    try await shell.says(["task", "wake", "Buy"], "Buy earplugs")
    try await shell.says(
      ["task", "done", "Run", "Buy"], "Completed “Run”", "Completed “Buy earplugs”")
    try await shell.says(["task", "reopen", "Run"], "Run")
    try await shell.says(["task", "show", "Run"], "Run\n", "Sport", "2031-11-25")
    try await shell.says(["pillar", "edit", "Work", "--name", "Workshop"], "Workshop")
    try await shell.says(["theme", "edit", "Workshop/Sport", "--name", "Lathe"], "Lathe")
    try await shell.says(["task", "rm", "Run"], "Removed “Run”")
    try await shell.says(["theme", "rm", "Lathe"], "Removed theme Lathe with 1 task")
    try await shell.says(["pillar", "rm", "Workshop"], "Removed pillar Workshop")
    try await shell.says(["removed"], "Run", "Lathe", "Workshop", "Think twice")
    try await shell.says(["preferences", "set", "--timezone", "Europe/Berlin"], "Europe/Berlin")
    try await shell.says(["preferences"], "Europe/Berlin")
    try await shell.says(["pillars", "--json"], #""name":"Health""#, #""position":"#)
    await shell.daemon.stop()
  }

  @Test @EventLoop
  func `what goes wrong ends with a code of its own and says why`() async throws {
    let shell = try await Shell.start()
    for name in ["Health", "Work"] { try await shell.says(["pillar", "add", name]) }
    for pillar in ["Health", "Work"] {
      try await shell.says(["theme", "add", "Sport", "--pillar", pillar])
    }
    try await shell.says(["task", "add", "Run", "--theme", "Health/Sport"])
    try await shell.complains(
      ["theme", "rate", "Health/Sport", "101"], code: 2, "0 to 100")
    try await shell.complains(
      ["theme", "rate", "Sport", "50"], code: 6, "Sport  (Health)", "Sport  (Work)")
    try await shell.complains(["task", "done", "Swim"], code: 5, "Swim")
    try await shell.complains(
      ["task", "start", "Run", "--expected-version", "1"], code: 4, "version")
    try await shell.complains(["task", "add"], code: 2, "TITLE")
    try await shell.complains(["task", "add", "x", "--due", "someday"], code: 2, "someday")
    try await shell.says(["task", "done", "Run"])
    try await shell.complains(["task", "done", "Run"], code: 3, "alreadyCompleted")
    try await shell.says(["task", "add", "Swim", "--dry-run"], "dry run, nothing changed")
    try await shell.says(["tasks"], not: "Swim")
    let nobody = try await TestProgram.built("planner", ["--socket", "/nowhere", "pillars"])
    #expect(nobody.status == 7)
    #expect(nobody.errors.contains("/nowhere"))
    await shell.daemon.stop()
  }

  @Test @EventLoop
  func `a file is applied, and what is wrong in it named by its line`() async throws {
    let shell = try await Shell.start()
    func pillar(_ number: Int, _ name: String) -> String {
      let id: JSON = .string("01900000-0000-7000-8000-00000000000\(number)")
      return JSON.object(["createPillar": ["pillarId": id, "name": .string(name)]]).text + "\n"
    }
    let input = pillar(1, "Health") + "\n" + pillar(2, "") + pillar(3, "Work")
    let run = try await shell.run(["apply", "-"], input: input)
    #expect(run.status == 3)
    #expect(run.output.contains("2 applied, 1 rejected"), "\(run.output)")
    #expect(run.errors.contains("line 3: "), "\(run.errors)")
    // The next program sees what this one has written.
    try await shell.says(["pillars"], "Health", "Work")
    try await shell.complains(["apply", "/no/such/file"], code: 2, "/no/such/file")
    await shell.daemon.stop()
  }

  @Test @EventLoop
  func `an auditor asks, an operator rebuilds and verifies`() async throws {
    let shell = try await Shell.start()
    try await shell.says(["pillar", "add", "Health"])
    _ = try await shell.run(["pillar", "add", ""])
    try await shell.says(
      ["audit"], "createPillar", "applied", "PillarCreated", "rejected", "nameEmpty")
    try await shell.says(["audit", "--result", "rejected", "--limit", "1"], not: "PillarCreated")
    try await shell.says(["audit", "--entity", "Health"], "PillarCreated", not: "rejected")
    try await shell.complains(["audit", "--entity", "Nothing"], code: 5, "Nothing")
    try await shell.says(["audit", "--uid", "daemon"], "Nothing on record.")
    try await shell.says(["status"], "administrator", "ready", "pillar_averages", "theme_ratings")
    try await shell.says(["health"], "ready, position")
    try await shell.says(["rebuild", "tasks"], "tasks")
    try await shell.complains(["rebuild", "nothing"], code: 5, "nothing")
    try await shell.says(["verify"], "equal", "pillar_averages", "tasks", "theme_ratings")
    try await shell.says(["verify", "tasks"], "equal", not: "theme_ratings")
    try await shell.says(["verify-log"], "The log is valid up to position")
    try await shell.says(["jobs"], "rebuild", "verify", "done")
    let jobs = try JSON.parse(try await shell.run(["jobs", "--json"]).output)["jobs"]?.array ?? []
    let job = try #require(jobs.last { $0["projection"] == "tasks" && $0["kind"] == "rebuild" })
    let number = String(try #require(job["jobId"]?.int))
    try await shell.says(["watch", number], "tasks")
    try await shell.says(["cancel", number], number)
    try await shell.complains(["watch", "9999"], code: 5, "9999")
    try await shell.says(["reload"], "unchanged")
    try await shell.says(
      ["call", "org.plannerd.views.PillarAverages", #"{"planner":null}"#], #""name":"Health""#)
    try await shell.complains(
      ["call", "org.plannerd.views.Nothing"], code: 1, "no method org.plannerd.views.Nothing")
    for program in ["bash", "zsh", "fish"] {
      try await shell.says(["completions", program], "planner")
    }
    await shell.daemon.stop()
  }
}

/// A person's shell.
@EventLoop
struct Shell {
  let daemon: TestDaemon

  static func start() async throws -> Shell {
    let daemon = try await TestDaemon.onTestCluster()
    try await daemon.start()
    return Shell(daemon: daemon)
  }

  func run(_ words: [String], input: String = "") async throws -> TestProgram {
    try await TestProgram.built("planner", ["--socket", daemon.socket] + words, input: input)
  }

  /// Runs a command that must succeed and print all that is given, and nothing that may not be.
  func says(
    _ words: [String], _ parts: String..., not absent: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let run = try await run(words)
    let what = Comment("planner \(words): \(run.status) \(run.output)\(run.errors)")
    #expect(run.status == 0, what, sourceLocation: sourceLocation)
    for part in parts { #expect(run.output.contains(part), what, sourceLocation: sourceLocation) }
    if let absent { #expect(!run.output.contains(absent), what, sourceLocation: sourceLocation) }
  }

  /// Runs a command that must end with a code and name all that is given on standard error.
  func complains(
    _ words: [String], code: Int32, _ parts: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let run = try await run(words)
    let what = Comment("planner \(words): \(run.status) \(run.output)\(run.errors)")
    #expect(run.status == code, what, sourceLocation: sourceLocation)
    for part in parts { #expect(run.errors.contains(part), what, sourceLocation: sourceLocation) }
  }
}
