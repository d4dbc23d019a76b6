import EventLoop
import JSON
import TestSupport
import Testing

/// More connections than there may be.
@Suite struct HostileConnectionTests {
  @Test(arguments: [["--connections-per-user", "3"], ["--connections", "3"]])
  @EventLoop func `one connection too many is ended, and the others go on`(arguments: [String])
    async throws
  {
    let daemon = try TestDaemon(arguments: arguments)
    try await daemon.startInTurn()
    let clients = try (0..<3).map { _ in try daemon.client() }
    for client in clients { #expect(await client.ping() == .pong) }
    let limits = try await clients[0].call("org.plannerd.planner.Describe")["limits"]
    #expect(limits?["connections"] == 3 || limits?["connectionsPerUid"] == 3)
    for _ in 0..<100 {
      let refused = try RawPeer(daemon.socket)
      await refused.untilClosed()
      refused.close()
    }
    for client in clients { #expect(await client.ping() == .pong) }
    clients[1].close()
    let next = try daemon.client()
    #expect(await next.ping() == .pong)
    await daemon.stop()
    #expect(daemon.process?.status == 0, "\(daemon.logText)")
  }
}
