import EventLoop
import Files
import JSON
import Scalars
import TestSupport
import Testing

/// The sample life plan, loaded with the program that a person would use, beside an independent reading of it.
@Suite(.turns) struct SampleTests {
  private static let file = "\(TestCluster.checkout)/ops/sample/life-plan.ndjson"

  @Test @EventLoop
  func `the sample shows what the oracle reads in it, and loading it twice changes nothing`()
    async throws
  {
    let daemon = try TestDaemon()
    try await daemon.start()
    try await apply(daemon)
    let client = try daemon.client()
    let head = try await client.health()["position"]?.int ?? 0
    try await expectOracle(client, head)
    try await apply(daemon)
    #expect(try await client.health()["position"] == .int(head))
    client.close()
    await daemon.stop()
  }

  @EventLoop private func apply(_ daemon: TestDaemon) async throws {
    let run = try await TestProgram.built(
      "planner", ["--socket", daemon.socket, "apply", SampleTests.file])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
  }

  @EventLoop private func expectOracle(_ client: TestClient, _ head: Int) async throws {
    // All at one minute, for it is the clock that Best goes by.
    var now = WallClock.now
    var best: [JSON] = []
    var oracle: JSON = .null
    repeat {
      now = WallClock.now
      best = try await client.rows("Best", atLeast: head)
      let reading = try await TestProgram.oracle(
        "life_plan.py", [SampleTests.file, "--now", now.description])
      oracle = try JSON.parse(reading.output)
    } while WallClock.now.minute != now.minute
    try await expectPlan(client, oracle)
    let wanted = oracle["best"]?.array ?? []
    #expect(wanted.count > 20)
    expect(best, are: wanted)
  }

  @EventLoop private func expectPlan(_ client: TestClient, _ oracle: JSON) async throws {
    expect(try await client.rows("PillarAverages"), are: oracle["pillars"]?.array ?? [])
    let themes = oracle["themes"]?.array ?? []
    expect(
      try await client.rows("ThemeRatings").sorted { id($0, "themeId") < id($1, "themeId") },
      are: themes.sorted { id($0, "themeId") < id($1, "themeId") })
    for theme in themes {
      let history = try await client.rows("RatingHistory", ["themeId": theme["themeId"]!])
      expect(history, are: oracle["ratings"]?[id(theme, "themeId")]?.array ?? [])
    }
    let counts = try #require(oracle["counts"])
    #expect(counts["pillars"] == 5)
    #expect(themes.count == 25)
    let tasks = try await client.rows("Tasks")
    #expect(counts["tasks"] == 73)
    #expect(tasks.count == 73)
    for (status, count) in oracle["tasksByStatus"]?.object?.members.map({ ($0.name, $0.value) })
      ?? []
    {
      #expect(.int(tasks.count { $0["status"]?.string == status }) == count, "\(status)")
    }
    try expectCounts(by: tasks, oracle["tasksByPillar"])
  }

  @EventLoop private func expectCounts(by tasks: [JSON], _ wanted: JSON?) throws {
    let wanted = try #require(wanted?.object)
    #expect(wanted.count == 6)
    for member in wanted.members {
      let own = tasks.filter { ($0["pillarName"]?.string ?? "inbox") == member.name }
      for status in ["open", "inProgress", "done"] {
        #expect(.int(own.count { $0["status"]?.string == status }) == member.value[status])
      }
    }
  }

  private func id(_ row: JSON, _ name: String) -> String { row[name]?.string ?? "" }

  /// Whether rows have the members that the oracle's have, in its order; numbers compare as numbers.
  private func expect(_ rows: [JSON], are wanted: [JSON]) {
    #expect(rows.count == wanted.count)
    for (row, wanted) in zip(rows, wanted) {
      for member in wanted.object?.members ?? [] {
        let value = row[member.name] ?? .null
        if let number = member.value.number {
          #expect(
            value.number.map { abs($0 - number) < 1e-9 } == true, "\(member.name): \(row.text)")
        } else {
          #expect(value.normalized == member.value.normalized, "\(member.name): \(row.text)")
        }
      }
    }
  }
}

extension Instant {
  fileprivate var minute: Int { microseconds / 60_000_000 }
}
