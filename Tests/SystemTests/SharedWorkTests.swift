import EventLoop
import Glibc
import JSON
import Postgres
import TestCommands
import TestSupport
import Testing

/// Two daemons on one database, one of which falls silent.
@Suite(.turns) struct SharedWorkTests {
  @Test(arguments: [SIGSTOP, SIGKILL]) @EventLoop
  func `when one daemon falls silent the other takes over, and what wakes writes nothing stale`(
    signal: Int32
  ) async throws {
    let seed = Seed.draw(for: "shared work")
    let database = try await TestCluster.database()
    let arguments = ["--database", database.url, "--authority", "test", "--prove-every", "0"]
    let daemons = [try TestDaemon(arguments: arguments), try TestDaemon(arguments: arguments)]
    for daemon in daemons { try await daemon.start() }
    try await Patience.until("both have work") {
      let owners = "SELECT count(DISTINCT owner) FROM projection.leases WHERE owner IS NOT NULL"
      return (try? await database.value(owners)) == "2"
    }
    let load = Load(daemons[1], seed: seed)
    load.start()
    try await untilAtHead(daemons[1], beyond: 100)
    daemons[0].process?.send(signal)
    let began = ContinuousClock().now
    let client = try daemons[1].client()
    let head = try await client.health()["position"]?.int ?? 0
    try await untilAtHead(daemons[1], beyond: head)
    let duration = ContinuousClock().now - began
    print("shared work: taken over after \(duration)")
    #expect(duration < .seconds(5) * max(1, Crashes.crowding))
    if signal == SIGSTOP {
      // Long enough for much to happen without it.
      try await untilAtHead(daemons[1], beyond: head + Scale.pick(1_000, full: 20_000))
      daemons[0].process?.send(SIGCONT)
      try await Patience.until("it has work again") {
        let owners = "SELECT count(DISTINCT owner) FROM projection.leases WHERE owner IS NOT NULL"
        return (try? await database.value(owners)) == "2"
      }
    } else {
      _ = await daemons[0].process?.wait()
    }
    await load.stop()
    let jobs = try await client.verifyViews()
    #expect(jobs.allSatisfy { $0["report"]?["equal"] == true }, "\(jobs)")
    for daemon in daemons { await daemon.stop() }
  }

  /// All views of a daemon are at the head of the log, and beyond a position.
  @EventLoop private func untilAtHead(_ daemon: TestDaemon, beyond position: Int) async throws {
    let client = try daemon.client()
    try await Patience.until("all views have gone beyond \(position)") {
      let projections = (try? await client.health())?["projections"]?.array ?? []
      return !projections.isEmpty
        && projections.allSatisfy { ($0["position"]?.int ?? 0) > position }
    }
    client.close()
  }
}
