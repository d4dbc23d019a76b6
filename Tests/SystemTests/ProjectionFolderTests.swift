import EventLoop
import Files
import Glibc
import TestSupport
import Testing

/// What the author of a projection has: new folders, and their tests without a daemon.
@Suite(.turns) struct ProjectionFolderTests {
  private static let shipped = "\(TestCluster.checkout)/projections"

  @Test @EventLoop
  func `the tests of all shipped folders pass`() async throws {
    let folders = try Files.list(ProjectionFolderTests.shipped).map {
      "\(ProjectionFolderTests.shipped)/\($0)"
    }.filter { Files.isFolder($0) }
    let seed = Seed.draw(for: "the cuts of folders' tests")
    let run = try await TestProgram.built(
      "planner", ["projection", "test", "--seed", "\(seed % 1_000_000)"] + folders)
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    for folder in folders {
      let name = folder.split(separator: "/").last!
      #expect(run.output.contains("ok    \(name)/tests/"), "\(name)")
    }
  }

  @Test @EventLoop
  func `a new folder of each kind passes its own tests and is not written twice`() async throws {
    let author = try Author()
    let kinds = ["counter", "latest", "series", "all"]
    for kind in kinds {
      let made = try await author.new("my_\(kind)", kind)
      #expect(made.status == 0, "\(made.errors)")
      #expect(made.output.contains("planner projection test \(author.folder)/my_\(kind)"))
      #expect(Files.exists("\(author.folder)/my_\(kind)/queries/My\(kind.capital).sql"))
    }
    let run = try await author.test(kinds.map { "my_\($0)" })
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(run.output.contains("8 tests passed"))
    let before = try Files.read("\(author.folder)/my_all/apply.sql")
    let again = try await author.new("my_all", "counter")
    #expect(again.status == 3)
    #expect(again.errors.contains("my_all exists already"))
    #expect(try Files.read("\(author.folder)/my_all/apply.sql") == before)
    for name in ["My", "1st", "a-b", "é", "a/b", String(repeating: "a", count: 41), ""] {
      let refused = try await author.new(name, "all")
      #expect(refused.status == 2, "\(name): \(refused.errors)")
    }
  }

  @Test @EventLoop
  func `faults of an apply are found`() async throws {
    let author = try Author()
    _ = try await author.new("forgets", "counter")
    try author.replace("forgets/apply.sql", "'TaskCreated', 'TaskRemoved',", "'TaskCreated',")
    _ = try await author.new("cut", "counter")
    try author.replace("cut/apply.sql", "totals.total + excluded.total", "excluded.total")
    try author.writeLeak()
    _ = try await author.new("reads", "counter")
    try author.replace(
      "reads/apply.sql", "sum(CASE WHEN type LIKE '%Removed' THEN -1 ELSE 1 END)",
      "sum(CASE WHEN type LIKE '%Removed' THEN -1 ELSE 1 END) "
        + "+ (SELECT count(*) FROM totals AS t WHERE t.planner_id < batch.stream_id)")
    _ = try await author.new("broken", "counter")
    try author.replace("broken/apply.sql", "GROUP BY stream_id, thing", "GROUP BY nothing")
    let run = try await author.test(["forgets", "cut", "leaks", "reads", "broken"])
    #expect(run.status == 1)
    expect(
      run.output, "forgets/tests/come_and_gone.json", "row 1 differs in total",
      #"expected {"thing":"task","total":1}"#, #"actual   {"thing":"task","total":2}"#)
    expect(
      run.output, "cut/tests/a_hundred_tasks.sql",
      "folded one by one, the rows are others than folded all at once", "table totals",
      #"at once: {"thing":"task","total":100,"#, #"one by one: {"thing":"task","total":1,"#)
    expect(
      run.output, "leaks/tests/renamed.json",
      "the second planner's events have changed rows of the first planner", "table tasks",
      "event 1 (TaskCreated) of the second planner")
    expect(run.output, "reads/tests/come_and_gone.json", "planner")
    expect(run.output, "broken/tests/come_and_gone.json", "broken/apply.sql:9: column")
  }

  @Test @EventLoop
  func `what is wrong in a test file is said with its place`() async throws {
    let author = try Author()
    _ = try await author.new("mine", "counter")
    let given = #""given": [{"type": "TaskCreated", "data": {}}]"#
    let files = [
      "a.json": ["{\n\"given\": [,]}", "mine/tests/a.json:2: not JSON"],
      "b.json": [
        #"{\#(given), "expect": {"Yours": {"rows": []}}}"#,
        "expect.Yours.method: there is no method Yours in the folder, whose methods are: Mine",
      ],
      "c.json": [
        #"{\#(given), "expect": {"Mine": {"rows": [{"thing": "task", "sum": 1}]}}}"#,
        "expect.Mine.rows[0].sum: Mine has no such column; it has thing, total",
      ],
      "d.json": [
        #"{\#(given), "expect": {"Mine": {"parameters": {"day": 1}, "rows": []}}}"#,
        "expect.Mine.parameters.day: no parameter of Mine; these are: thing",
      ],
      "e.json": [
        #"{\#(given), "expect": {"Mine": {"parameters": {"thing": 1}, "rows": []}}}"#,
        "expect.Mine.parameters.thing: must be of the type text",
      ],
      "f.json": [
        #"{"given": [{"type": "TaskCreated"}], "expect": {"Mine": {"rows": []}}}"#,
        "given[0].data: must be an object",
      ],
      "g.json": [
        #"{\#(given), "expect": {"Mine": {"row": []}}}"#, "expect.Mine.row: an expectation has",
      ],
      "h.sql": ["-- given\nSELECT 1\n-- expect Mine\n", "mine/tests/h.sql:3: there is no SELECT"],
      "i.sql": [
        "-- given\nSELECT 'A' AS type,\n  datum FROM nowhere\n-- expect Mine\nSELECT 1",
        "mine/tests/i.sql:3: relation",
      ],
      "j.sql": [
        "-- given\nSELECT 'A' AS type, 'x' AS data\n-- expect Mine\nSELECT 1",
        "mine/tests/j.sql:1: row 1, data: must be an object",
      ],
      "k.sql": [
        "-- given\nSELECT 'A' AS type, '{}'::jsonb AS data\n-- expect Mine {\nSELECT 1",
        "mine/tests/k.sql:3: what follows the method",
      ],
      "l.sql": [
        "-- given\nSELECT 'A' AS type, '{}'::jsonb AS data\n-- expect Mine\nSELECT 1 AS nothing",
        "mine/tests/l.sql:3: rows[0].nothing",
      ],
    ]
    for (name, texts) in files {
      try Files.write(texts[0], to: "\(author.folder)/mine/tests/\(name)")
    }
    let run = try await author.test(["mine"])
    #expect(run.status == 1)
    for (name, texts) in files { expect(run.output, "mine/tests/\(name)", texts[1]) }
    #expect(run.output.contains("12 of 14 failed"))
  }

  @Test @EventLoop
  func `an interrupted run leaves nothing, and a killed one no Postgres`() async throws {
    let author = try Author()
    _ = try await author.new("mine", "counter")
    let interrupted = try author.launch(["mine"])
    try await author.untilPostgresRuns()
    interrupted.send(SIGTERM)
    #expect(await interrupted.wait() == 143)
    #expect(try Files.list(author.temporary) == [])
    let killed = try author.launch(["mine"])
    let postmaster = try await author.untilPostgresRuns()
    killed.send(SIGKILL)
    _ = await killed.wait()
    try await Patience.until("Postgres has ended") { !Author.lives(postmaster) }
    #expect(try await author.launch(["mine"]).wait() == 0)
    #expect(try Files.list(author.temporary) == [])
  }

  /// The lines about a test must hold these texts.
  private func expect(_ output: String, _ title: String, _ texts: String...) {
    let lines = output.split(separator: "\n")
    guard let begin = lines.firstIndex(of: "FAIL  \(title)") else {
      Issue.record("\(title) has not failed: \(output)")
      return
    }
    let block = lines[(begin + 1)...].prefix { $0.hasPrefix(" ") }.joined(separator: "\n")
    for text in texts { #expect(block.contains(text), "\(title): \(block)") }
  }
}

extension String {
  fileprivate var capital: String { prefix(1).uppercased() + dropFirst() }
}

/// Someone who writes projections in a folder of their own.
@EventLoop
private struct Author {
  private static var count = 0

  let folder: String
  /// Where runs that are launched have their Postgres.
  let temporary: String

  init() throws {
    Author.count += 1
    folder = "\(TestCluster.folder)/author-\(Author.count)"
    temporary = "\(folder)/t"
    try Files.makeFolder(temporary)
  }

  func new(_ name: String, _ kind: String) async throws -> TestProgram {
    try await TestProgram.built(
      "planner", ["projection", "new", name, "--kind", kind, "--in", folder])
  }

  func test(_ names: [String]) async throws -> TestProgram {
    try await TestProgram.built(
      "planner", ["projection", "test"] + names.map { "\(folder)/\($0)" })
  }

  func launch(_ names: [String]) throws -> ChildProcess {
    var options = ChildProcess.Options(
      ["\(TestDaemon.programs)/plannerd", "--test-projection"] + names.map { "\(folder)/\($0)" })
    options.environment = ["PATH": "/usr/bin:/bin", "TMPDIR": temporary]
    options.environment["LLVM_PROFILE_FILE"] = Environment.value("LLVM_PROFILE_FILE")
    options.parentDeathSignal = SIGTERM
    return try ChildProcess(options)
  }

  /// Gives the process of the Postgres of a run that was launched.
  @discardableResult
  func untilPostgresRuns() async throws -> Int32 {
    var process: Int32?
    try await Patience.until("Postgres runs") {
      for name in (try? Files.list(temporary)) ?? [] {
        let lock = try? Files.read("\(temporary)/\(name)/postgres/data/postmaster.pid")
        process = lock?.split(separator: "\n").first.flatMap { Int32($0) }
      }
      return process.map { Author.lives($0) } ?? false
    }
    return process!
  }

  /// Whether a process runs; one that has ended and nobody has reaped does not.
  static func lives(_ process: Int32) -> Bool {
    guard let stat = try? Files.read("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")")
    else { return false }
    return !stat[end...].hasPrefix(") Z")
  }

  func replace(_ path: String, _ old: String, _ new: String) throws {
    let text = try Files.read("\(folder)/\(path)")
    let range = try #require(text.firstRange(of: old), "\(path) has \(old)")
    try Files.write(
      text[..<range.lowerBound] + new + text[range.upperBound...], to: "\(folder)/\(path)")
  }

  /// A folder whose apply.sql renames the tasks of all planners that have the id. In the end all have the same title, as
  /// they should.
  func writeLeak() throws {
    let files = [
      "table.sql": """
      -- scope: planner
      CREATE TABLE tasks (
        planner_id uuid NOT NULL, "taskId" uuid NOT NULL, title text NOT NULL,
        PRIMARY KEY (planner_id, "taskId"));
      """,
      "apply.sql": """
      INSERT INTO tasks SELECT stream_id, (data->>'taskId')::uuid, '' FROM batch
       WHERE type = 'TaskCreated';
      UPDATE tasks SET title = last.title
        FROM (SELECT DISTINCT ON (data->>'taskId') (data->>'taskId')::uuid AS id, data->'after'->>'title' AS title
                FROM batch ORDER BY data->>'taskId', position DESC) AS last
       WHERE "taskId" = last.id;
      """,
      "queries/Titles.sql": """
      -- Titles.
      -- parameters: planner uuid
      SELECT title FROM tasks WHERE planner_id = $1
      """,
      "tests/renamed.json": """
      {"given": [
         {"type": "TaskCreated", "data": {"taskId": "01900003-0000-7000-8000-000000000001", "after": {"title": "Run"}}},
         {"type": "TaskChanged", "data": {"taskId": "01900003-0000-7000-8000-000000000001", "after": {"title": "Rest"}}}],
       "expect": {"Titles": {"rows": [{"title": "Rest"}]}}}
      """,
    ]
    for (path, text) in files {
      try Files.makeFolder(Files.folder(of: "\(folder)/leaks/\(path)"))
      try Files.write(text, to: "\(folder)/leaks/\(path)")
    }
  }
}
