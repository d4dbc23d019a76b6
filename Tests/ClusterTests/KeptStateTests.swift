import EventLog
import EventLoop
import JSON
import Planner
import Postgres
import Scalars
import TestCommands
import TestSupport
import Testing

/// States of long streams, kept beside the log.
@Suite(.clusterTurns) struct KeptStateTests {
  /// A planner with so many tasks, and the version up to which its state was kept.
  @EventLoop private func planner(tasks: Int) async throws -> PlannerFixture {
    let planner = try await PlannerFixture(projections: [])
    let titles = (1...tasks).map { number -> JSON in
      [
        "createTask": [
          "taskId": PlannerFixture.id(number), "title": .string("Task \(number)"),
        ]
      ]
    }
    for begin in stride(from: 0, to: tasks, by: 500) {
      try await planner.submitAll(Array(titles[begin..<min(tasks, begin + 500)]))
    }
    try await Patience.until("the state is kept") {
      (try? await planner.value("SELECT version FROM log.states")) != nil
    }
    return planner
  }

  private func rename(_ number: Int) -> JSON {
    ["changeTask": ["taskId": PlannerFixture.id(number), "title": "Another"]]
  }

  @Test @EventLoop func `a daemon that starts goes on from it`() async throws {
    let planner = try await planner(tasks: 1_200)
    // What is not in the state is not there for who goes on from it, which shows that it does.
    _ = try await planner.value(
      """
      WITH changed AS (UPDATE log.states SET state = replace(state, 'Task 7"', 'Task 7 as kept"') RETURNING 1)
      SELECT count(*) FROM changed
      """)
    let next = planner.log(following: planner.tail)
    let outcomes = try await next.submit(
      planner.batch([
        ["changeTask": ["taskId": PlannerFixture.id(7), "title": "Task 7"]],
        ["removeTask": ["taskId": PlannerFixture.id(1_200)]], rename(1_200),
      ])
    ).outcomes
    #expect(outcomes.map(\.placement?.version).prefix(2).allSatisfy { $0 != nil })
    #expect(outcomes[2].placement == nil)
    let before = try await planner.value(
      "SELECT data->'before'->>'title' FROM log.events WHERE type = 'TaskChanged'")
    #expect(before == "Task 7 as kept")
  }

  @Test @EventLoop func `one of another history, form or time is passed over`() async throws {
    let planner = try await planner(tasks: 1_000)
    for change in ["hash = sha256(hash)", "format = format + 1", "version = version - 1"] {
      _ = try await planner.value(
        """
        WITH changed AS (UPDATE log.states SET \(change), state = '{}' RETURNING 1)
        SELECT count(*) FROM changed
        """)
      let next = planner.log(following: planner.tail)
      let outcome = try await next.submit(planner.batch([rename(1_000)])).outcomes[0]
      #expect(outcome.placement != nil, "\(change)")
      _ = try await next.submit(
        planner.batch([["changeTask": ["taskId": PlannerFixture.id(1_000), "title": "Back"]]]))
    }
  }

  @Test @EventLoop func `an erasure leaves none, here or in memory`() async throws {
    let planner = try await planner(tasks: 1_000)
    let stream = planner.planner.description
    let upTo = try await planner.value(
      "SELECT position FROM log.events WHERE category = 'planner' AND version = 700")
    let eraser = try await planner.database.connect("plannerd_erase")
    _ = try await eraser.run([
      Statement("SELECT log.erase('planner', $1, $2, $1, 0, 1)")(
        .text(stream), .int(Int(upTo!)!))
    ])
    eraser.close()
    #expect(try await planner.value("SELECT count(*) FROM log.states") == "0")
    // By the daemon that has known it, once after a what-if has read on.
    _ = try? await planner.ask("Nothing", whatIf: planner.whatIf([rename(990)]))
    let outcomes = try await planner.submit(rename(10), rename(990))
    #expect(outcomes[0].placement == nil && outcomes[1].placement != nil)
  }
}
