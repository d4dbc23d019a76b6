import JSON
import Testing
import Varlink

@testable import planner

/// The blocking Varlink client.
@Suite struct ClientCallTests {
  private func client(_ peer: ClientPeer) -> VarlinkClient { VarlinkClient(adopting: peer.near) }

  @Test func `sends a call and gives the parameters of the reply`() throws {
    let peer = ClientPeer().reply(["a": 1])
    #expect(try client(peer).call("x.y.Z", ["b": 2]) == ["a": 1])
    #expect(try peer.calls() == [["method": "x.y.Z", "parameters": ["b": 2]]])
  }

  @Test func `reads replies that come together, one for each call`() throws {
    let peer = ClientPeer().reply(["n": 1]).reply(["n": 2]).write("{}\0")
    let client = client(peer)
    #expect(try client.call("x.y.Z") == ["n": 1])
    #expect(try client.call("x.y.Z") == ["n": 2])
    #expect(try client.call("x.y.Z") == [:])
  }

  @Test func `reads a reply larger than one piece`() throws {
    let text = String(repeating: "ü", count: 60_000)
    let peer = ClientPeer().reply(["text": .string(text)])
    #expect(try client(peer).call("x.y.Z")["text"]?.string == text)
  }

  @Test func `throws an error reply by its name`() throws {
    let peer = ClientPeer().error("x.y.Wrong", ["why": "so"])
    #expect(throws: ClientError.reply(name: "x.y.Wrong", parameters: ["why": "so"])) {
      try client(peer).call("x.y.Z")
    }
  }

  @Test func `tells whether the call can have arrived`() throws {
    for (peer, arrived) in [
      (ClientPeer().end(), true), (ClientPeer().write("{\"para").end(), true),
      (ClientPeer().gone(), false),
    ] {
      #expect(throws: ClientError.connectionLost(requestSent: arrived)) {
        try client(peer).call("x.y.Z")
      }
      _ = try peer.calls()
    }
  }

  @Test(arguments: ["nonsense\0", "[1]\0", "\0", "{\"a\":1,}\0"])
  func `refuses what is no reply`(frame: String) throws {
    do {
      let peer = ClientPeer().write(frame)
      defer { withExtendedLifetime(peer) {} }
      _ = try client(peer).call("x.y.Z")
      Issue.record("a reply was made of \(frame)")
    } catch let error {
      guard case .malformedReply = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func `gives up waiting in time`() throws {
    let silent = ClientPeer()
    let client = client(silent)
    client.replyTimeoutMilliseconds = 1
    #expect(throws: ClientError.timedOut) { try client.call("x.y.Z") }
    #expect(throws: ClientError.connectionLost(requestSent: false)) { try client.call("x.y.Z") }
    #expect(try silent.calls().count == 1)
  }

  @Test func `stops waiting when it is interrupted`() throws {
    let interruption = ClientPeer().write("x")
    let silent = ClientPeer()
    let client = VarlinkClient(adopting: silent.near, interruption: interruption.near)
    #expect(throws: ClientError.interrupted) { try client.call("x.y.Z") }
    #expect(try silent.calls().count == 1)
  }

  @Test func `streams until the last reply, or as long as it is wanted`() throws {
    let peer = ClientPeer().reply(["n": 1], continues: true).reply(["n": 2], continues: true)
      .reply(["n": 3])
    var seen: [Int] = []
    try client(peer).stream("x.y.Z") { reply in
      seen.append(reply["n"]?.int ?? 0)
      return true
    }
    #expect(seen == [1, 2, 3])
    #expect(try peer.calls().first?["more"] == true)
    let endless = ClientPeer().reply([:], continues: true).reply([:])
    let wanted = client(endless)
    try wanted.stream("x.y.Z") { _ in false }
    #expect(throws: ClientError.connectionLost(requestSent: false)) { try wanted.call("x.y.Z") }
    #expect(try endless.calls().count == 1)
  }

  @Test func `nobody at a path is told with the reason of the system`() {
    #expect(throws: ClientError.unreachable(path: "/nobody/here", code: 2)) {
      try VarlinkClient(path: "/nobody/here")
    }
  }
}
