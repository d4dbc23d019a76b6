import EventLoop
import JSON
import Testing
import Varlink

/// Input that no client should send: it ends its own connection or gets its error, and no other notices.
@EventLoop
struct MalformedInputTests {
  @Test(arguments: [
    "", "{", "[]", "null", "nonsense", #"{"method":1}"#, #"{"parameters":{}}"#,
    #"{"method":"test.echo.Raw","more":true,"oneway":true}"#,
    #"{"method":"test.echo.Raw","more":1}"#, #"{"method":"test.echo.Raw","parameters":[]}"#,
    #"{"method":"test.echo.Raw","method":"test.echo.Raw"}"#,
  ])
  func `malformed input closes its connection and no other`(text: String) async throws {
    try await withServer { test in
      let other = try test.peer()
      await other.call("test.echo.Wait", ["text": "still here"])
      let peer = try test.peer()
      await peer.send(Array(text.utf8) + [0])
      #expect(await peer.isClosed())
      test.echo.gate.fire()
      #expect(await other.reply() == ["parameters": ["text": "still here"]])
      await other.call("test.echo.Echo", ["text": "and here"])
      #expect(await other.reply() == ["parameters": ["text": "and here"]])
      #expect(test.server.connectionCount == 1)
      peer.close()
      other.close()
    }
  }

  @Test func `calls before malformed input are answered and those after it are not`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call("test.echo.EchoLater", ["text": "before"])
      await peer.send(Array("nonsense".utf8) + [0])
      await peer.call("test.echo.Echo", ["text": "after"])
      #expect(await peer.reply() == ["parameters": ["text": "before"]])
      #expect(await peer.isClosed())
      #expect(test.echo.started == ["before"])
      peer.close()
    }
  }

  @Test func `malformed input ends a stream of its connection`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call([
        "method": "test.echo.Stream", "more": true,
        "parameters": ["count": 1_000_000, "bytes": 10_000],
      ])
      #expect(await peer.reply()?["parameters"]?["number"] == 1)
      await peer.send(Array("nonsense".utf8) + [0])
      while await peer.reply() != nil {}
      await test.echo.streamEnded.wait()
      #expect(test.echo.hangUps == 1)
      peer.close()
    }
  }

  /// Each frame is a valid call with bytes changed, removed, doubled or cut off. The server may answer it or
  /// close; a call on another connection is answered all the while.
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `25,000 mutated frames harm nobody else`(seed: UInt64) async throws {
    try await withServer { test in
      var mutator = FrameMutator(seed: seed)
      let witness = try test.peer()
      var peer = try test.peer()
      for round in 0..<250 {
        let frames = (0..<100).map { _ in mutator.next() }
        for frame in frames {
          guard await peer.send(frame) else { break }
          if mutator.chance(of: 3) { continue }
          peer.close()
          peer = try test.peer()
        }
        let text = JSON.string("\(seed)/\(round)")
        await witness.call("test.echo.Echo", ["text": text])
        #expect(await witness.reply() == ["parameters": ["text": text]])
        #expect(test.server.connectionCount <= 64)
      }
      peer.close()
      witness.close()
    }
  }
}
