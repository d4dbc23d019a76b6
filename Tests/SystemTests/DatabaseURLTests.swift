import EventLoop
import Files
import JSON
import Postgres
import TestSupport
import Testing

/// `--database URL`: a Postgres that somebody else runs.
@Suite(.turns) struct DatabaseURLTests {
  @Test @EventLoop
  func `events written through one daemon are seen by the subscribers and views of another`()
    async throws
  {
    let database = try await TestCluster.emptyDatabase()
    let arguments = ["--database", database.url, "--authority", "test"]
    let daemons = [try TestDaemon(arguments: arguments), try TestDaemon(arguments: arguments)]
    for daemon in daemons { try await daemon.start() }
    let follower = try daemons[1].client()
    follower.subscribe(after: 0)
    let ready = try await follower.reply()
    #expect(ready["ready"] == true)
    var waits: [Duration] = []
    for number in 1...20 {
      let answer = try await daemons[0].client().submit([Commands.createPillar("Area \(number)")])
      let reader = try daemons[1].client()
      let begin = ContinuousClock().now
      let rows = try await reader.rows("PillarAverages", atLeast: answer.position)
      waits.append(ContinuousClock().now - begin)
      #expect(rows.count == number)
      var last = 0
      while last < answer.position {
        last = try await follower.reply()["events"]?.array?.last?["position"]?.int ?? 0
      }
      reader.close()
    }
    // Whoever folds is told that somebody waits: by itself it would rest for 250 ms between two rounds.
    #expect(waits.sorted()[10] < .milliseconds(200) * max(1, Crashes.crowding), "\(waits)")
    for daemon in daemons {
      await daemon.stop()
      #expect(daemon.process?.status == 0)
    }
  }

  @Test @EventLoop
  func `a projection that one daemon rebuilds goes on answering through another`() async throws {
    let database = try await TestCluster.database()
    let arguments = ["--database", database.url, "--authority", "test"]
    let daemons = [try TestDaemon(arguments: arguments), try TestDaemon(arguments: arguments)]
    for daemon in daemons { try await daemon.start() }
    let (first, second) = (try daemons[0].client(), try daemons[1].client())
    _ = try await first.submit([Commands.createPillar("Area 0")])
    func build() async throws -> JSON? {
      let projections = try await second.health()["projections"]?.array ?? []
      return projections.first { $0["name"] == "pillar_averages" }?["build"]
    }
    let old = try await build()
    let rebuild: JSON = ["projection": "pillar_averages"]
    let job = try await first.call("org.plannerd.control.Rebuild", rebuild)["jobId"]
    #expect(try await first.end(ofJob: try #require(job))["state"] == "done")
    // The build that was replaced stays for those who are reading it, and then goes.
    for number in 1... {
      let answer = try await first.submit([Commands.note(number)])
      #expect(try await second.rows("PillarAverages", atLeast: answer.position).count == 1)
      if try await build() != old { break }
      try #require(number < 5_000)
      await Patience.pass(.milliseconds(10))
    }
    let jobs = try await second.verifyViews()
    #expect(jobs.allSatisfy { $0["report"]?["equal"] == true }, "\(jobs)")
    for daemon in daemons { await daemon.stop() }
  }

  @Test @EventLoop
  func `two daemons that start at once migrate an empty database once`() async throws {
    let database = try await TestCluster.emptyDatabase()
    let arguments = ["--database", database.url, "--authority", "test"]
    let daemons = [try TestDaemon(arguments: arguments), try TestDaemon(arguments: arguments)]
    for daemon in daemons { try daemon.launch() }
    for daemon in daemons { try await daemon.becomeReady() }
    let connection = try await database.connect()
    let rows = try await connection.run([
      Query(Statement("SELECT count(*), max(number) FROM migrator.migrations")),
      Query(Statement("SELECT count(*), count(DISTINCT path) FROM migrator.objects")),
    ])
    connection.close()
    let migrations = try Files.list("\(TestCluster.checkout)/schema/migrations").count
    #expect(rows[0].int(0, 0) == migrations)
    #expect(rows[0].int(0, 1) == migrations)
    #expect(rows[1].int(0, 0)! > 10)
    for daemon in daemons {
      #expect(try await daemon.client().health()["projections"]?.array?.count ?? 0 >= 3)
      await daemon.stop()
    }
  }

  @Test(arguments: [("off", "on"), ("remote_apply", "remote_apply")]) @EventLoop
  func `a database's defaults make no commit less durable or less isolated`(
    commit: String, expected: String
  ) async throws {
    let database = try await TestCluster.database()
    let connection = try await database.connect()
    try await connection.runScript(
      """
      ALTER DATABASE \(database.name) SET synchronous_commit = \(commit);
      ALTER DATABASE \(database.name) SET default_transaction_isolation = 'serializable';
      CREATE TABLE public.seen (durability text, isolation text);
      CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO public.seen VALUES (
          current_setting('synchronous_commit'), current_setting('transaction_isolation'));
        RETURN NULL;
      END $$;
      CREATE TRIGGER see AFTER INSERT ON log.events EXECUTE FUNCTION public.see();
      """)
    let daemon = try TestDaemon(arguments: ["--database", database.url])
    try await daemon.start()
    let client = try daemon.client()
    #expect(try await client.submit([Commands.note(1)]).outcomes[0]["result"] == "applied")
    let seen = try await connection.run([Query(Statement("SELECT * FROM public.seen"))])[0]
    #expect(seen.count == 1)
    #expect(seen.text(0, 0) == expected)
    #expect(seen.text(0, 1) == "read committed")
    connection.close()
    await daemon.stop()
  }

  @Test @EventLoop
  func `a schema newer than the daemon is refused`() async throws {
    let database = try await TestCluster.database()
    let log = try await startOn(
      database,
      after: "INSERT INTO migrator.migrations (number, name, sha256) VALUES (9999, 'later', 'x')")
    #expect(log.contains("newer than this plannerd"))
    #expect(log.contains("9999 (later)"))
  }

  @Test @EventLoop
  func `a migration that was edited after it was applied is refused`() async throws {
    let database = try await TestCluster.database()
    let log = try await startOn(
      database, after: "UPDATE migrator.migrations SET sha256 = 'x' WHERE number = 2")
    #expect(log.contains("migration 0002_log.sql was edited"))
  }

  /// Changes a database, starts a daemon that should refuse it, and gives what it says.
  @EventLoop private func startOn(_ database: TestDatabase, after sql: String) async throws
    -> String
  {
    let connection = try await database.connect()
    try await connection.runScript(sql)
    connection.close()
    let daemon = try TestDaemon(arguments: ["--database", database.url])
    #expect(try await daemon.failToStart() == 1)
    return daemon.logText
  }

  @Test @EventLoop
  func `a daemon stops writing once another has migrated the schema further`() async throws {
    let database = try await TestCluster.database()
    let daemon = try TestDaemon(arguments: ["--database", database.url])
    try await daemon.start()
    let client = try daemon.client()
    let first = try await client.submit([Commands.note(1)])
    #expect(first.outcomes[0]["result"] == "applied")
    let connection = try await database.connect()
    try await connection.runScript(
      "INSERT INTO migrator.migrations (number, name, sha256) VALUES (9999, 'later', 'x')")
    connection.close()
    await #expect {
      try await client.submit([Commands.note(2)])
    } throws: { error in
      guard case TestClientError.reply(let name, let parameters) = error else { return false }
      return name == "org.plannerd.planner.Fault"
        && parameters["message"]?.string?.contains("schema") == true
    }
    let rows = try await client.rows("Preferences", atLeast: first.position)
    #expect(rows[0]["extra"]?["note"] == 1)
    await daemon.stop()
  }

  @Test @EventLoop
  func `a URL that leads nowhere is an error at the start`() async throws {
    let daemon = try TestDaemon(arguments: [
      "--database", "postgresql:///none?host=\(TestCluster.folder)&connect_timeout=2",
    ])
    #expect(try await daemon.failToStart() == 1)
    #expect(daemon.logText.contains("No such file or directory"))
  }
}
