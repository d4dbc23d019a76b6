import EventLoop
import JSON
import TestSupport
import Testing

/// Peers that keep the daemon waiting: they do not finish what they send, or do not read what they get.
@Suite(.daemon()) struct HostileIdleTests {
  @Test @EventLoop func `idle peers are ended, and cost a bounded amount of memory`() async throws {
    let daemon = SharedDaemon.current
    let bystander = try daemon.client()
    let before = try DaemonMemory(daemon)
    let slow = try (0..<20).map { _ in try RawPeer(daemon.socket) }
    let deaf = try (0..<20).map { _ in try RawPeer(daemon.socket) }
    let followers = try (0..<10).map { _ in try RawPeer(daemon.socket) }
    for peer in slow { await begin(peer, bystander) }
    for peer in deaf { await fill(peer, bystander) }
    for peer in followers {
      peer.push(
        #"{"method":"org.plannerd.planner.Subscribe","more":true,"parameters":{"after":0}}"#)
    }
    for _ in 0..<3 {
      let answer = try await bystander.submit((0..<1_000).map { _ in SampleCommand.createPillar() })
      #expect(answer["outcomes"]?.array?.count == 1_000)
    }
    let filled = try DaemonMemory(daemon)

    for peer in deaf + followers + slow {
      await peer.untilClosed()
      #expect(await bystander.ping() == .pong)
      peer.close()
    }
    let after = try DaemonMemory(daemon)
    print(
      "resident \(before.resident) kB, \(filled.resident) with idle peers, \(after.peak) at most")
    // At most what each has begun to send, and twice what a stream may leave unread.
    #expect(after.peak < before.resident + 50 * 2_048 + 32_768)
    let health = try await bystander.call("org.plannerd.control.Health")
    #expect(health["connections"] == 1)
  }

  /// Sends a frame of almost 1 MiB but for its end.
  @EventLoop private func begin(_ peer: RawPeer, _ bystander: TestClient) async {
    let bytes = [UInt8](repeating: UInt8(ascii: " "), count: (1 << 20) - 1)
    var sent = 0
    while sent < bytes.count {
      sent += peer.push(Array(bytes[sent...]))
      // Once the bystander has its answer, the daemon has read what there was.
      #expect(await bystander.ping() == .pong)
    }
  }

  /// Sends calls until none is taken any more: both sides' buffers are full.
  @EventLoop private func fill(_ peer: RawPeer, _ bystander: TestClient) async {
    let call =
      #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":"#
      + #"{"interface":"org.plannerd.views"}}"#
    let frame = Array(call.utf8) + [0]
    let calls = (0..<1_000).flatMap { _ in frame }
    var offset = 0
    var refusals = 0
    while refusals < 3 {
      let count = peer.push(Array(calls[offset...]))
      offset = (offset + count) % calls.count
      refusals = count == 0 ? refusals + 1 : 0
      #expect(await bystander.ping() == .pong)
    }
  }
}
