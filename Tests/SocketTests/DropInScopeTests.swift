import EventLoop
import JSON
import TestSupport
import Testing

/// What a query of a folder can see.
@Suite struct DropInScopeTests {
  /// The daemon narrows the rows by itself: a forgotten condition shows nobody another's rows.
  @Test(.enabled(if: OtherUser.isPossible, "only root can be another user"))
  @EventLoop func `a query that forgets its planner sees only the caller's rows`() async throws {
    let running = try await DropInDaemon.start()
    var files = DropInFolder.files
    files["colours/queries/Colours.sql"] = """
      -- All colours there are.
      --
      -- parameters: planner uuid
      -- never null: color, chosen
      SELECT color, chosen FROM colours WHERE $1 IS NOT NULL ORDER BY color
      """
    try running.write(files)
    #expect(try await running.reload()["added"] == ["colours"])
    let them = try OtherUser.client(running.daemon)
    _ = try await running.client.submit([pillar("#111111")])
    let position = try await them.submit([pillar("#222222")]).position
    for (client, color) in [(running.client, "#111111"), (them, "#222222")] {
      let answer = try await client.call(
        "org.plannerd.views.Colours", ["atLeast": .int(position)])
      #expect(answer["rows"] == [["color": .string(color), "chosen": 1]])
    }
    await running.daemon.stop()
  }

  @Test(.enabled(if: OtherUser.isPossible, "only root can be another user"))
  @EventLoop func `a view over all streams is for administrators`() async throws {
    let running = try await DropInDaemon.start()
    try running.write([
      "kinds/table.sql": """
      -- scope: all
      CREATE TABLE kinds (category text NOT NULL PRIMARY KEY, events bigint NOT NULL);
      """,
      "kinds/apply.sql": """
      INSERT INTO kinds (category, events)
      SELECT category, count(*) FROM batch GROUP BY 1
      ON CONFLICT (category) DO UPDATE SET events = kinds.events + excluded.events;
      """,
      "kinds/queries/Kinds.sql": """
      -- How many events there are of each category.
      --
      -- parameters: category text?
      -- never null: category, events
      SELECT category, events FROM kinds WHERE $1 IS NULL OR category = $1 ORDER BY category
      """,
    ])
    let report = try await running.reload()
    #expect(report["added"] == ["kinds"], "\(report)")
    let them = try OtherUser.client(running.daemon)
    let position = try await them.submit([pillar("#222222")]).position
    let answer = try await running.client.call(
      "org.plannerd.views.Kinds", ["atLeast": .int(position)])
    #expect(
      answer["rows"] == [
        ["category": "person", "events": 1], ["category": "planner", "events": 2],
      ])
    #expect(
      await them.exchange(["method": "org.plannerd.views.Kinds"])
        == .error("org.plannerd.views.NotPermitted", ["method": "Kinds"]))
    await running.daemon.stop()
  }

  /// What a query reads instead of its folder's own table, or does beside reading.
  private static let intrusions = [
    "SELECT type AS color, 1 AS chosen FROM log.events WHERE $1 IS NOT NULL",
    "SELECT name AS color, 1 AS chosen FROM pillars WHERE planner_id = $1",
    "SELECT rolname::text AS color, 1 AS chosen FROM pg_authid WHERE $1 IS NOT NULL",
    "SELECT pg_read_file('/etc/hostname') AS color, 1 AS chosen FROM colours WHERE $1 IS NULL",
    """
    WITH gone AS (DELETE FROM colours WHERE planner_id = $1 RETURNING color)
    SELECT color, 1 AS chosen FROM gone
    """,
    """
    WITH more AS (INSERT INTO colours VALUES ($1, 'x', 1) RETURNING color)
    SELECT color, 1 AS chosen FROM more
    """,
    "SELECT color, chosen FROM colours WHERE planner_id = $1; DROP TABLE colours",
    "SELECT color, chosen FROM colours WHERE planner_id = $1) AS q; DROP TABLE colours; --",
  ]

  @Test @EventLoop func `a query reads its folder's own tables and does nothing else`() async throws
  {
    let running = try await DropInDaemon.start()
    try running.write(DropInFolder.files)
    #expect(try await running.reload()["added"] == ["colours"])
    let position = try await running.client.submit([pillar("#111111")]).position
    let rows: JSON = [["color": "#111111", "chosen": 1]]
    for intrusion in DropInScopeTests.intrusions {
      try running.write([
        "colours/queries/Colours.sql": """
        -- Something else.
        --
        -- parameters: planner uuid
        \(intrusion)
        """
      ])
      let report = try await running.reload()
      #expect(report["refused"]?[0]?["projection"] == "colours", "\(intrusion): \(report.text)")
      let answer = try await running.client.call(
        "org.plannerd.views.Colours", ["atLeast": .int(position)])
      #expect(answer["rows"] == rows, "\(intrusion)")
    }
    await running.daemon.stop()
  }

  @EventLoop private func pillar(_ color: String) -> JSON {
    let id = SampleCommand.id()
    return SampleCommand.make(
      "createPillar", ["pillarId": .string(id), "name": .string(id), "color": .string(color)])
  }
}
