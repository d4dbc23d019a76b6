import EventLog
import EventLoop
import JSON
import Postgres
import Scalars
import TestCommands
import TestSupport
import Testing

@testable import Projections

/// What views answer about what has not happened.
@Suite(.clusterTurns) struct WhatIfTests {
  private static let questions: [(String, JSON)] = [
    ("PillarAverages", [:]), ("ThemeRatings", [:]), ("RatingHistory", ["limit": 1_000]),
    ("Removed", ["limit": 1_000]), ("Preferences", [:]), ("Best", ["limit": 1_000]),
    ("Totals", [:]), ("Tasks", ["limit": 1_000]),
  ]

  @Test @EventLoop func `what would be is what is once the commands were submitted`() async throws {
    let seed = Seed.draw(for: "what if")
    let planner = try await PlannerFixture()
    try planner.writeTotals()
    _ = await planner.engine.reload()
    var generator = CommandGenerator(seed: seed, now: PlannerFixture.now)
    for round in 0..<12 {
      let commands = (0...round).map { _ in generator.next() }
      let whatIf = planner.whatIf(commands)
      var would: [JSON?] = []
      for (method, parameters) in WhatIfTests.questions {
        let answer = try await planner.ask(method, parameters, whatIf: whatIf)
        #expect(answer["position"]?.int == planner.tail.head)
        would.append(answer["rows"])
      }
      // Under the ids that they were thought of with.
      try await planner.submitAll(commands)
      for ((method, parameters), rows) in zip(WhatIfTests.questions, would) {
        let answer = try await planner.ask(method, parameters)
        #expect(answer["rows"] == rows, "\(method) after round \(round)")
      }
    }
  }

  @Test @EventLoop func `it writes nothing`() async throws {
    let planner = try await PlannerFixture()
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(1), "name": "Health"]])
    try await Patience.until("all views are folded") {
      let behind = "SELECT count(*) FROM projection.builds WHERE position < \(planner.tail.head)"
      return (try? await planner.value(behind)) == "0"
    }
    let before = try await everything(planner)
    let whatIf = planner.whatIf([
      ["createPillar": ["pillarId": PlannerFixture.id(2), "name": "Work"]],
      ["changePillar": ["pillarId": PlannerFixture.id(1), "name": "Play"]],
    ])
    for _ in 0..<3 {
      let answer = try await planner.ask("PillarAverages", whatIf: whatIf)
      #expect(answer["rows"]?.array?.compactMap { $0["name"]?.string } == ["Play", "Work"])
    }
    #expect(try await everything(planner) == before)
    let names = try await planner.ask("PillarAverages")["rows"]?.array?.map { $0["name"] }
    #expect(names == ["Health"])
  }

  @Test @EventLoop func `it counts a view over all streams as well`() async throws {
    let planner = try await PlannerFixture(projections: [])
    try planner.writeKinds()
    #expect(await planner.engine.reload().refused.isEmpty)
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(1), "name": "Health"]])
    let whatIf = planner.whatIf([
      ["createPillar": ["pillarId": PlannerFixture.id(2), "name": "Work"]]
    ])
    func count(_ parameters: JSONObject, _ whatIf: ViewRequest.WhatIf?) async throws -> JSON? {
      var parameters = parameters
      parameters["atLeast"] = .int(planner.tail.head)
      let answer = try await planner.engine.answer(
        ViewRequest(
          method: "Kinds", scope: nil, parameters: parameters, now: PlannerFixture.now,
          whatIf: whatIf))
      return try JSON.parse(String(decoding: answer.json, as: UTF8.self))["rows"]?[1]?["events"]
    }
    let now = try #require(try await count([:], nil)?.int)
    #expect(try await count([:], whatIf)?.int == now + 1)
    #expect(try await count(["asOf": ["position": 1]], nil)?.int == nil)
    #expect(try await count(["asOf": ["position": .int(planner.tail.head)]], nil)?.int == now)
  }

  @Test @EventLoop func `the past cannot be asked what would have been`() async throws {
    let planner = try await PlannerFixture(projections: ["pillar_averages"])
    await #expect(throws: ViewError.self) {
      try await planner.ask(
        "PillarAverages", ["asOf": ["position": 0]], whatIf: planner.whatIf([]))
    }
  }

  /// Log, builds and access record as text.
  @EventLoop private func everything(_ planner: PlannerFixture) async throws -> String? {
    try await planner.value(
      """
      SELECT (SELECT string_agg(e::text, E'\\n' ORDER BY position) FROM log.events e)
          || (SELECT string_agg(b::text, E'\\n' ORDER BY build_id) FROM projection.builds b)
          || (SELECT count(*) FROM log.access)
          || (SELECT string_agg(oid::text || relname, ' ' ORDER BY oid) FROM pg_class
               WHERE relnamespace::regnamespace::text NOT LIKE 'pg_%')
      """)
  }
}
