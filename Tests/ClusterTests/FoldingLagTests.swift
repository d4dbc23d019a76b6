import EventLog
import EventLoop
import JSON
import Postgres
import TestSupport
import Testing

@testable import Projections

/// How far views are behind the log, and what appends do about it.
@Suite(.clusterTurns) struct FoldingLagTests {
  @Test func `the age is that of the first event after a position`() {
    var times = AppendTimes()
    let start = ContinuousClock().now
    func at(_ milliseconds: Int) -> ContinuousClock.Instant {
      start + .milliseconds(milliseconds)
    }
    #expect(times.age(after: 0, at: at(0)) == .zero)
    times.note(3, at: at(0))
    // Appended nearly at once: counts as appended with those before.
    times.note(5, at: at(5))
    times.note(9, at: at(100))
    #expect(times.age(after: 0, at: at(150)) == .milliseconds(150))
    #expect(times.age(after: 4, at: at(150)) == .milliseconds(150))
    #expect(times.age(after: 5, at: at(150)) == .milliseconds(50))
    #expect(times.age(after: 8, at: at(200)) == .milliseconds(100))
    #expect(times.age(after: 9, at: at(200)) == .zero)
    times.note(10, at: at(300))
    #expect(times.age(after: 9, at: at(301)) == .milliseconds(1))
    // A backup was restored: what is gone is waited for by nobody.
    times.note(7, at: at(400))
    #expect(times.age(after: 7, at: at(900)) == .zero)
    times.note(8, at: at(1_000))
    #expect(times.age(after: 7, at: at(1_001)) == .milliseconds(1))
  }

  @Test @EventLoop
  func `while views cannot follow appends rest, and no longer`() async throws {
    let planner = try await PlannerFixture(projections: ["pillar_averages"])
    #expect(planner.engine.restOfAppends == 0)
    let owner = try await planner.database.connect()
    try await owner.runScript("BEGIN; SELECT FROM projection.builds FOR UPDATE")
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(1), "name": "Home"]])
    #expect(planner.engine.restOfAppends == 0)
    try await Patience.until("it rests") { planner.engine.restOfAppends == 4 }
    var rests = 0
    planner.log.rest = {
      rests += 1
      return planner.engine.restOfAppends
    }
    for number in 2...3 {
      let name = JSON.string("Pillar \(number)")
      try await planner.submit([
        "createPillar": ["pillarId": PlannerFixture.id(number), "name": name]
      ])
    }
    #expect(rests >= 1)
    try await owner.runScript("COMMIT")
    owner.close()
    try await Patience.until("it is folded") { planner.engine.restOfAppends == 0 }
    #expect(try await planner.ask("PillarAverages")["rows"]?.array?.count == 3)
  }
}
