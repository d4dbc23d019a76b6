import EventLoop
import Files
import JSON
import TestSupport
import Testing

/// `kill -9` at random moments under load: `PLANNERD_CRASH_ROUNDS` says how many times (ops/crash sets it).
@Suite(.turns) struct CrashTests {
  private static let rounds =
    Environment.value("PLANNERD_CRASH_ROUNDS").flatMap { Int($0) } ?? 50

  @Test @EventLoop
  func `after crashes nothing acknowledged is lost and nothing is done twice`() async throws {
    let crashes = try Crashes(seed: Seed.draw(for: "crashes"))
    try await crashes.start()
    for round in 0..<CrashTests.rounds {
      try await crashes.round(Victim.allCases[round % 3])
      try #require(crashes.problems.isEmpty, "after round \(round): \(crashes.problems)")
    }
    await crashes.stopLoad()
    try await checkAll(crashes)
    await crashes.daemon.stop()
    #expect(crashes.daemon.process?.status == 0)
    report(crashes)
  }

  @EventLoop private func checkAll(_ crashes: Crashes) async throws {
    let client = try crashes.daemon.client()
    let log = try await client.verifyLog()
    #expect(log["valid"] == true, "\(log.text)")
    let head = log["position"]?.int ?? 0
    let jobs = try await client.verifyViews()
    #expect(jobs.allSatisfy { $0["report"]?["equal"] == true }, "\(jobs)")
    #expect(jobs.allSatisfy { $0["report"]?["position"] == .int(head) }, "\(jobs)")
    crashes.checkLog(try await crashes.daemon.client().events(upTo: head))
    let all = Array(crashes.acknowledgements.applied.values)
    for start in stride(from: 0, to: all.count, by: 200) {
      try await crashes.expectDuplicates(Array(all[start..<min(all.count, start + 200)]), client)
    }
    #expect(try await client.health()["position"] == .int(head))
    #expect(crashes.problems.isEmpty, "\(crashes.problems.prefix(20))")
  }

  /// Two seconds, or four times what an ordinary start takes here where that is more, on a machine that has nothing else to
  /// do; on another as much longer as it has processes that wait for each of its processors.
  @EventLoop private func report(_ crashes: Crashes) {
    let acknowledgements = crashes.acknowledgements
    print(
      "crashes: \(crashes.summary); \(acknowledgements.applied.count) commands applied, \(acknowledgements.refused.count) refused, \(acknowledgements.repeated) Submits sent again"
    )
    let bound = max(.seconds(2), crashes.ordinary * 4)
    let slow = crashes.recoveries.filter { $0.duration > bound * max(1, $0.crowding) }
    #expect(slow.isEmpty, "\(crashes.summary); \(slow)")
  }
}
