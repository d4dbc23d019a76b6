import EventLoop
import JSON
import Testing
import Varlink

/// Each bound of `ServerLimits`, on both sides of it.
@EventLoop
struct BoundsTests {
  /// The text of a call of Echo that has so many bytes.
  private func frame(bytes: Int) -> [UInt8] {
    let empty = #"{"method":"test.echo.Echo","parameters":{"text":""}}"#.utf8
    var frame = Array(empty.dropLast(3))
    frame.append(contentsOf: [UInt8](repeating: UInt8(ascii: "x"), count: bytes - empty.count))
    return frame + Array(#""}}"#.utf8) + [0]
  }

  @Test func `a request of 1 MiB is answered and one byte more closes the connection`() async throws
  {
    try await withServer { test in
      let peer = try test.peer()
      await peer.send(frame(bytes: 1 << 20))
      #expect(await peer.frame()?.count ?? 0 > 1_000_000)
      await peer.send(frame(bytes: (1 << 20) + 1))
      #expect(await peer.isClosed())
      peer.close()
    }
  }

  @Test func `a reply over the limit is replaced by an error that names both`() async throws {
    try await withServer {
      $0.replyBytes = 1_000
    } _: { test in
      let peer = try test.peer()
      let envelope = #"{"parameters":{"padding":""}}"#.utf8.count
      await peer.call("test.echo.Large", ["bytes": .int(1_000 - envelope)])
      #expect(await peer.frame()?.count == 1_000)
      await peer.call("test.echo.Large", ["bytes": .int(1_001 - envelope)])
      #expect(
        await peer.reply() == [
          "error": "test.echo.ReplyTooLarge", "parameters": ["bytes": 1_001, "limit": 1_000],
        ])
      peer.close()
    }
  }

  @Test func `a reply over the limit ends its stream`() async throws {
    try await withServer {
      $0.replyBytes = 1_000
    } _: { test in
      let peer = try test.peer()
      await peer.call([
        "method": "test.echo.Stream", "more": true, "parameters": ["count": 9, "bytes": 1_000],
      ])
      #expect(await peer.reply()?["error"] == "test.echo.ReplyTooLarge")
      await test.echo.streamEnded.wait()
      #expect(test.echo.streamed == 0)
      await peer.call("test.echo.Echo", ["text": "on"])
      #expect(await peer.reply() == ["parameters": ["text": "on"]])
      peer.close()
    }
  }

  @Test func `JSON is nested 64 deep and no deeper`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      func call(depth: Int) -> [UInt8] {
        let nest = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        return Array(
          #"{"method":"test.echo.Items","parameters":{"items":[],"free":{"x":\#(nest)}}}"#.utf8) + [
            0
          ]
      }
      #expect(ServerLimits.jsonDepth == 64)
      // The message, its parameters and `free` are three.
      await peer.send(call(depth: 61))
      #expect(await peer.reply() == ["parameters": ["count": 0]])
      await peer.send(call(depth: 62))
      #expect(await peer.isClosed())
      peer.close()
    }
  }

  @Test func `a connection over the limit is closed at once and the others stay`() async throws {
    try await withServer {
      $0.connectionsPerUid = 3
    } _: { test in
      let peers = try (0..<3).map { _ in try test.peer() }
      let surplus = try test.peer()
      await surplus.call("test.echo.Echo", ["text": "x"])
      #expect(await surplus.isClosed())
      for peer in peers {
        await peer.call("test.echo.Echo", ["text": "x"])
        #expect(await peer.reply() != nil)
      }
      #expect(test.server.connectionCount == 3)
      for peer in peers + [surplus] { peer.close() }
    }
  }

  @Test(arguments: [true, false])
  func `those who have left make room at once`(perUid: Bool) async throws {
    try await withServer { limits in
      if perUid { limits.connectionsPerUid = 2 } else { limits.connections = 2 }
    } _: { test in
      for round in 0..<20 {
        let peers = try (0..<2).map { _ in try test.peer() }
        for peer in peers {
          await peer.call("test.echo.Echo", ["text": .string("\(round)")])
          #expect(await peer.reply() != nil)
        }
        for peer in peers { peer.close() }
      }
    }
  }

  /// The first of the new connections is accepted in the same look at the descriptors that tells of the old ones' end:
  /// what it tells of them must not reach the others, which get the numbers of their descriptors.
  @Test func `those who come as others leave are served`() async throws {
    try await withServer {
      $0.connectionsPerUid = 20
    } _: { test in
      let old = try (0..<20).map { _ in try test.peer() }
      for peer in old {
        await peer.call("test.echo.Echo", ["text": "old"])
        #expect(await peer.reply() != nil)
      }
      var new = [try test.peer()]
      for peer in old { peer.close() }
      new += try (0..<19).map { _ in try test.peer() }
      for peer in new {
        await peer.call("test.echo.Echo", ["text": "new"])
        #expect(await peer.reply() != nil)
      }
      for peer in new { peer.close() }
    }
  }

  @Test func `the call after the last that may run waits until one is answered`() async throws {
    try await withServer {
      $0.callsPerConnection = 4
    } _: { test in
      let peer = try test.peer()
      for number in 1...4 { await peer.call("test.echo.Wait", ["text": .string("\(number)")]) }
      for number in 5...9 { await peer.call("test.echo.Echo", ["text": .string("\(number)")]) }
      let other = try test.peer()
      await other.call("test.echo.Echo", ["text": "other"])
      _ = await other.reply()
      #expect(test.echo.started == ["1", "2", "3", "4", "other"])
      test.echo.gate.fire()
      for number in 1...9 {
        #expect(await peer.reply() == ["parameters": ["text": .string("\(number)")]])
      }
      peer.close()
      other.close()
    }
  }

  @Test func `a frame that is never finished closes the connection and silence does not`()
    async throws
  {
    try await withServer {
      $0.frameTime = .milliseconds(40)
    } _: { test in
      let silent = try test.peer()
      let peer = try test.peer()
      await peer.send(Array(#"{"method":"#.utf8))
      #expect(await peer.isClosed())
      await silent.call("test.echo.Echo", ["text": "x"])
      #expect(await silent.reply() != nil)
      silent.close()
      peer.close()
    }
  }

  @Test func `a peer that reads nothing is closed and its stream is told`() async throws {
    try await withServer {
      $0.unreadTime = .milliseconds(40)
    } _: { test in
      let peer = try test.peer()
      await peer.call([
        "method": "test.echo.Stream", "more": true,
        "parameters": ["count": 1_000_000, "bytes": 10_000],
      ])
      await test.echo.streamEnded.wait()
      #expect(test.echo.hangUps == 1)
      // What the kernel and the server keep for it: far from what there was to send.
      #expect(test.echo.streamed < 300)
      #expect(test.server.connectionCount <= 1)
      peer.close()
    }
  }

  @Test func `a stream goes at the pace of its reader`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call([
        "method": "test.echo.Stream", "more": true,
        "parameters": ["count": 2_000, "bytes": 10_000],
      ])
      for number in 1...2_000 {
        #expect(await peer.reply()?["parameters"]?["number"] == .int(number))
        #expect(test.echo.streamed - number < 300)
      }
      peer.close()
    }
  }

  @Test func `a peer that lets replies pile up behind a slow call is closed`() async throws {
    try await withServer {
      $0.queuedReplyBytes = 100_000
    } _: { test in
      let peer = try test.peer()
      await peer.call("test.echo.Wait", ["text": "first"])
      for _ in 0..<5 { await peer.call("test.echo.Large", ["bytes": 30_000]) }
      #expect(await peer.isClosed())
      #expect(test.echo.hangUps == 1)
      peer.close()
    }
  }

  @Test func `a peer that sends and does not read is read no further`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      let message: JSON = ["method": "test.echo.Large", "parameters": ["bytes": 100_000]]
      await peer.send((0..<500).flatMap { _ in message.bytes + [0] as [UInt8] })
      let other = try test.peer()
      await other.call("test.echo.Echo", ["text": "x"])
      _ = await other.reply()
      #expect(test.echo.started.count < 30)
      for _ in 0..<500 { #expect(await peer.frame()?.count ?? 0 > 100_000) }
      peer.close()
      other.close()
    }
  }
}
