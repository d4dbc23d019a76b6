import EventLoop
import JSON
import TestSupport
import Testing

/// Random commands of several clients at once: what must hold whatever they were. A seed is the argument
/// that a failing test prints.
@Suite struct ConcurrencyTests {
  static let seeds: [UInt64] = [7, Seed.draw(for: "concurrent clients")]

  @Test(arguments: seeds) @EventLoop
  func `positions and versions have no gap`(seed: UInt64) async throws {
    let run = try await ConcurrentRun.of(seed)
    #expect(run.events.count > 300)
    #expect(run.events.map { $0["position"]?.int } == Array(1...run.events.count))
    for stream in Dictionary(grouping: run.events, by: { $0["streamId"]?.string }).values {
      #expect(stream.map { $0["version"]?.int } == Array(1...stream.count))
    }
  }

  @Test(arguments: seeds) @EventLoop
  func `a command id is in the log at most once`(seed: UInt64) async throws {
    let run = try await ConcurrentRun.of(seed)
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

  @Test(arguments: seeds) @EventLoop
  func `outcomes are those of the same commands one at a time in log order`(seed: UInt64)
    async throws
  {
    let run = try await ConcurrentRun.of(seed)
    let results = Set(run.submissions.flatMap(\.outcomes).compactMap { $0["result"]?.string })
    let all: Set = ["applied", "duplicate", "rejected", "conflict", "idReused", "withheld"]
    #expect(results == all)
    var check = SerialCheck(run.submissions, events: run.events)
    let problems = check.run()
    #expect(problems.isEmpty, "\(problems.prefix(5).joined(separator: "\n"))")
  }

  @Test(arguments: seeds) @EventLoop
  func `the hash chain verifies, here and by the oracle`(seed: UInt64) async throws {
    let run = try await ConcurrentRun.of(seed)
    #expect(run.logCheck["valid"] == true)
    #expect(run.logCheck["position"] == .int(run.events.count))
    let head = run.events.last?["hash"]?.string ?? ""
    #expect(run.logCheck["headHash"]?.string == head)
    #expect(run.chain == "\(run.events.count) events, sound, the last hash is \(head)\n")
  }

  @Test(arguments: seeds) @EventLoop
  func `every projection equals a fresh rebuild`(seed: UInt64) async throws {
    let run = try await ConcurrentRun.of(seed)
    #expect(run.verifications.count >= 3)
    for job in run.verifications {
      #expect(job["state"] == "done")
      #expect(job["report"]?["equal"] == true, "\(job.text)")
      #expect(job["report"]?["position"] == .int(run.events.count))
    }
  }

  @Test(arguments: seeds, ConcurrentRun.views) @EventLoop
  func `the rows of a view are those of the oracle's fold`(seed: UInt64, view: String)
    async throws
  {
    let run = try await ConcurrentRun.of(seed)
    let rows = try #require(run.rows[view])
    let folded = try #require(run.foldedRows[view])
    #expect(!rows.isEmpty)
    #expect(rows.count == folded.count)
    for (row, folded) in zip(rows, folded) { #expect(row == folded) }
  }
}
