import EventLoop
import Files
import JSON
import Postgres
import TestCommands
import TestSupport
import Testing

/// Rebuilds of a long log: killed on the way, and read beside.
@Suite(.turns) struct RebuildTests {
  private static let events = Scale.pick(150_000, full: 1_000_000)

  /// A daemon with one projection of a long log, and the database.
  @EventLoop private func daemon() async throws -> (TestDaemon, TestDatabase) {
    let database = try await TestDatabase.filled(events: RebuildTests.events, planners: 4)
    let folder = "\(TestCluster.folder)/projections-\(database.name)"
    for path in ["table.sql", "apply.sql"] + (try queries()) {
      try Files.makeFolder(Files.folder(of: "\(folder)/tasks/\(path)"))
      try Files.write(
        try Files.read("\(TestCluster.checkout)/projections/tasks/\(path)"),
        to: "\(folder)/tasks/\(path)")
    }
    let daemon = try TestDaemon(arguments: [
      "--database", database.url, "--projections", folder, "--prove-every", "0",
    ])
    try await daemon.start()
    return (daemon, database)
  }

  private func queries() throws -> [String] {
    try Files.list("\(TestCluster.checkout)/projections/tasks/queries").map { "queries/\($0)" }
  }

  /// The digests of the live build's tables.
  @EventLoop private func digest(_ database: TestDatabase) async throws -> String? {
    try await database.value(
      """
      SELECT string_agg(concat_ws(' ', d.table_name, d.row_count, d.digest), ', ')
        FROM projection.builds b, projection.digests(b.schema_name, NULL, NULL) d WHERE b.state = 'live'
      """)
  }

  @Test @EventLoop
  func `a rebuild that is killed at random points ends with the same rows`() async throws {
    let seed = Seed.draw(for: "killed rebuilds")
    var random = SplitMix64(seed: seed)
    let (daemon, database) = try await daemon()
    let before = try await digest(database)
    let rounds = Scale.pick(5, full: 10)
    var resumed = 0
    for _ in 0..<rounds {
      let job = try await rebuild(daemon)
      try await progress(
        of: job, database, upTo: Int.random(in: 0..<RebuildTests.events, using: &random))
      await Patience.pass(.milliseconds(Int.random(in: 0...300, using: &random)))
      await daemon.kill()
      let state = "SELECT state FROM projection.jobs WHERE job_id = \(job.int ?? 0)"
      if try await database.value(state) == "running" { resumed += 1 }
      try await daemon.start()
      try await finish(job, daemon)
      let after = try await digest(database)
      #expect(after == before)
    }
    print("killed rebuilds: \(resumed) of \(rounds) were gone on with")
    #expect(resumed > 0)
    try await Patience.until("only what answers is left") {
      (try? await database.value("SELECT count(*) FROM projection.builds")) == "1"
    }
    let jobs = try await daemon.client().verifyViews()
    #expect(jobs.allSatisfy { $0["report"]?["equal"] == true }, "\(jobs)")
    await daemon.stop()
  }

  /// Returns when a rebuild has folded so many events, or is over.
  @EventLoop private func progress(
    of job: JSON, _ database: TestDatabase, upTo position: Int
  ) async throws {
    let statement = """
      SELECT count(*) FROM projection.jobs j LEFT JOIN projection.builds b USING (build_id)
       WHERE job_id = \(job.int ?? 0) AND j.state = 'running' AND coalesce(b.position, 0) <= \(position)
      """
    try await Patience.until("a rebuild has reached \(position)", within: .seconds(300)) {
      (try? await database.value(statement)) == "0"
    }
  }

  @EventLoop private func rebuild(_ daemon: TestDaemon) async throws -> JSON {
    let reply = try await daemon.client().call(
      "org.plannerd.control.Rebuild", ["projection": "tasks"])
    return try #require(reply["jobId"])
  }

  @EventLoop private func finish(_ job: JSON, _ daemon: TestDaemon) async throws {
    let ended = try await daemon.client().end(ofJob: job)
    #expect(ended["state"] == "done", "\(ended)")
  }

  @Test @EventLoop
  func `readers of a view that is rebuilt see all of it all the time`() async throws {
    let (daemon, _) = try await daemon()
    // The generated planners are other people's: this one's rows are told from what it writes.
    let client = try daemon.client()
    let titles = (0..<20).map { "Task \($0)" }
    let commands = titles.map(createTask)
    let written = try await client.submit(commands)
    #expect(try await client.rows("Tasks", atLeast: written.position).count == 20)
    let job = try await rebuild(daemon)
    let reader = Task { @EventLoop in try await read(daemon, until: job) }
    try await finish(job, daemon)
    let seen = try await reader.value
    print("readers beside a rebuild: \(seen.answers) answers, the slowest \(seen.slowest)")
    #expect(seen.answers > 20)
    #expect(seen.counts == [20])
    await daemon.stop()
  }

  private func createTask(_ title: String) -> JSON {
    [
      "commandId": .string(Commands.id()),
      "createTask": ["taskId": .string(Commands.id()), "title": .string(title)],
    ]
  }

  /// Asks a hundred times in a second until the job is over.
  @EventLoop private func read(_ daemon: TestDaemon, until job: JSON) async throws
    -> (answers: Int, counts: Set<Int>, slowest: Duration)
  {
    let client = try daemon.client()
    let watch = try daemon.client()
    var seen = (answers: 0, counts: Set<Int>(), slowest: Duration.zero)
    while true {
      let began = ContinuousClock().now
      seen.counts.insert(try await client.rows("Tasks").count)
      seen.answers += 1
      seen.slowest = max(seen.slowest, ContinuousClock().now - began)
      let state = try await watch.call("org.plannerd.control.Watch", ["jobId": job])
      if state["job"]?["state"] != "running" { return seen }
      await Patience.pass(.milliseconds(10) - (ContinuousClock().now - began))
    }
  }
}
