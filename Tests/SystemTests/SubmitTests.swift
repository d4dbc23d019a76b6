import EventLoop
import JSON
import TestSupport
import Testing

/// What one Submit says of its commands when it leaves nothing behind.
@Suite(.turns) struct SubmitTests {
  @Test @EventLoop
  func `nothing of an atomic Submit that fails has a position`() async throws {
    let daemon = try await TestDaemon.onTestCluster()
    try await daemon.start()
    let client = try daemon.client()
    let before = try await client.submit([Commands.createPillar("Health")])
    let good = Commands.createPillar("Work")
    let other = Commands.createPillar("Play", commandID: good["commandId"]!.string!)
    let bad = Commands.createPillar("")
    let answer = try await client.submit([good, good, other, bad], atomic: true)
    let results = answer.outcomes.map { $0["result"]?.string }
    #expect(results == ["withheld", "withheld", "idReused", "rejected"])
    #expect(answer.outcomes.allSatisfy { $0["firstPosition"] == nil && $0["lastPosition"] == nil })
    #expect(answer.position == before.position)
    let again = try await client.submit([good])
    #expect(again.outcomes[0]["result"] == "applied")
    await daemon.stop()
  }

  @Test @EventLoop
  func `a dry run tells of what there is, and not of what it would do`() async throws {
    let daemon = try await TestDaemon.onTestCluster()
    try await daemon.start()
    let client = try daemon.client()
    let old = Commands.createPillar("Health")
    let before = try await client.submit([old])
    let new = Commands.createPillar("Work")
    let answer = try await client.submit([old, new, new], dryRun: true)
    let outcomes = answer.outcomes
    #expect(outcomes.map { $0["result"]?.string } == ["duplicate", "applied", "duplicate"])
    #expect(outcomes[0]["firstPosition"] == before.outcomes[0]["firstPosition"])
    #expect(outcomes[1...].allSatisfy { $0["firstPosition"] == nil })
    #expect(answer.position == before.position)
    #expect(try await client.submit([new]).outcomes[0]["result"] == "applied")
    await daemon.stop()
  }
}
