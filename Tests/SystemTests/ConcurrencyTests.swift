import EventLoop
import JSON
import TestSupport
import Testing

/// Random commands of several clients at once: what must hold whatever they were. A seed is the argument
/// that a failing test prints.
@Suite(.turns) struct ConcurrencyTests {
  private static let drawn = Seed.draw(for: "concurrent clients")

  static let plans = [
    ConcurrentRun.Plan(seed: 7, daemons: 1), .init(seed: drawn, daemons: 1),
    .init(seed: drawn, daemons: 2),
  ]

  @Test(arguments: plans) @EventLoop
  func `positions and versions have no gap`(plan: ConcurrentRun.Plan) async throws {
    let run = try await ConcurrentRun.of(plan)
    #expect(run.events.count > 150)
    #expect(run.events.map { $0["position"]?.int } == Array(1...run.events.count))
    for stream in Dictionary(grouping: run.events, by: { $0["streamId"]?.string }).values {
      #expect(stream.map { $0["version"]?.int } == Array(1...stream.count))
    }
  }

  @Test(arguments: plans) @EventLoop
  func `a command id is in the log at most once`(plan: ConcurrentRun.Plan) async throws {
    let run = try await ConcurrentRun.of(plan)
    for (id, events) in Dictionary(grouping: run.events, by: { $0["commandId"]?.string ?? "" }) {
      let positions = events.compactMap { $0["position"]?.int }
      #expect(positions == Array(positions[0]...positions.last!), "\(id)")
    }
    let applied = run.submissions.filter { !$0.dryRun }.flatMap(\.outcomes).filter {
      $0["result"] == "applied"
    }
    #expect(Set(applied.map { $0["commandId"]?.string }).count == applied.count)
    #expect(applied.count == Set(run.events.map { $0["commandId"]?.string }).count)
  }

  @Test(arguments: plans) @EventLoop
  func `outcomes are those of the same commands one at a time in log order`(
    plan: ConcurrentRun.Plan
  )
    async throws
  {
    let run = try await ConcurrentRun.of(plan)
    let results = Set(run.submissions.flatMap(\.outcomes).compactMap { $0["result"]?.string })
    let all: Set = ["applied", "duplicate", "rejected", "conflict", "idReused", "withheld"]
    #expect(results == all)
    var check = SerialCheck(
      run.submissions, events: run.events, daemons: plan.daemons)
    let problems = check.run()
    #expect(problems.isEmpty, "\(problems.prefix(5).joined(separator: "\n"))")
  }

  @Test @EventLoop
  func `an outcome that is not as it was is noticed`() async throws {
    let run = try await ConcurrentRun.of(ConcurrencyTests.plans[0])
    for result in ["applied", "duplicate", "rejected", "conflict", "idReused", "withheld"] {
      let place = try #require(
        run.submissions.firstIndex { submission in
          submission.outcomes.contains { $0["result"]?.string == result }
        })
      var changed = run.submissions
      changed[place].outcomes = changed[place].outcomes.map { outcome in
        outcome["result"]?.string == result
          ? outcome.adding("version", 77_777).adding("rule", "none") : outcome
      }
      var check = SerialCheck(changed, events: run.events, daemons: 1)
      #expect(!check.run().isEmpty, "\(result)")
    }
  }

  @Test(arguments: plans) @EventLoop
  func `the hash chain verifies, here and by the oracle`(plan: ConcurrentRun.Plan) async throws {
    let run = try await ConcurrentRun.of(plan)
    #expect(run.logCheck["valid"] == true)
    #expect(run.logCheck["position"] == .int(run.events.count))
    let head = run.events.last?["hash"]?.string ?? ""
    #expect(run.logCheck["headHash"]?.string == head)
    #expect(run.chain == "\(run.events.count) events, sound, the last hash is \(head)\n")
  }

  @Test(arguments: plans) @EventLoop
  func `every projection equals a fresh rebuild`(plan: ConcurrentRun.Plan) async throws {
    let run = try await ConcurrentRun.of(plan)
    #expect(run.verifications.count >= 3)
    for job in run.verifications {
      #expect(job["state"] == "done")
      #expect(job["report"]?["equal"] == true, "\(job.text)")
      #expect(job["report"]?["position"] == .int(run.events.count))
    }
  }

  @Test(arguments: plans, ConcurrentRun.views) @EventLoop
  func `the rows of a view are those of the oracle's fold`(plan: ConcurrentRun.Plan, view: String)
    async throws
  {
    let run = try await ConcurrentRun.of(plan)
    let rows = try #require(run.rows[view])
    let folded = try #require(run.foldedRows[view])
    #expect(!rows.isEmpty)
    #expect(rows.count == folded.count)
    for (row, folded) in zip(rows, folded) { #expect(row == folded) }
  }
}
