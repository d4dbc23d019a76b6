import CAllocations
import EventLoop
import Glibc
import JSON
import Testing
import Varlink

/// Replies that are known by the bytes of their calls.
@EventLoop
struct KeptReplyTests {
  private static let question = #"{"method":"test.echo.Echo","parameters":{"text":"known"}}"#

  @Test func `a known call is answered without being read, any other one as ever`() async throws {
    try await withServer { test in
      let known = KnownReply(to: KeptReplyTests.question, #"{"text":"kept"}"#)
      test.server.kept = known
      let peer = try test.peer()
      await peer.send(Array(KeptReplyTests.question.utf8) + [0])
      #expect(await peer.reply() == ["parameters": ["text": "kept"]])
      await peer.call("test.echo.Echo", ["text": "unknown"])
      #expect(await peer.reply() == ["parameters": ["text": "unknown"]])
      #expect(test.echo.started == ["unknown"])
      #expect(known.askers.map(\.uid) == [geteuid()])
      peer.close()
    }
  }

  @Test func `many known calls at once are answered in their order among others`() async throws {
    try await withServer { test in
      let known = KnownReply(to: KeptReplyTests.question, #"{"text":"kept"}"#)
      test.server.kept = known
      let peer = try test.peer()
      let other = #"{"method":"test.echo.EchoLater","parameters":{"text":"known"}}"#
      var bytes: [UInt8] = []
      for number in 0..<60 {
        bytes += Array((number % 3 == 2 ? other : KeptReplyTests.question).utf8) + [0]
      }
      await peer.send(bytes)
      for number in 0..<60 {
        let text = await peer.reply()?["parameters"]?["text"]?.string
        // Behind a call that is not answered yet it is read like any other.
        #expect(number % 3 == 2 ? text == "known" : ["kept", "known"].contains(text), "\(number)")
      }
      peer.close()
    }
  }

  @Test func `a known call is answered without asking for memory`() async throws {
    try await withServer { test in
      let known = CountedReply(to: KeptReplyTests.question)
      test.server.kept = known
      let peer = try test.peer()
      // Those that come at once are answered in one turn of the loop.
      for _ in 0..<3 {
        await peer.send((0..<50).flatMap { _ in Array(KeptReplyTests.question.utf8) + [0] })
        for _ in 0..<50 { #expect(await peer.reply() == ["parameters": ["text": "kept"]]) }
      }
      // From the second call of a turn on there is a buffer for all of them.
      let between = zip(known.allocations, known.allocations.dropFirst()).map { $1 - $0 }
      #expect(between.count { $0 == 0 } >= 100, "\(between)")
      peer.close()
    }
  }

  @Test func `a peer that does not read what is kept is not served without bound`() async throws {
    try await withServer { test in
      let size = 100_000
      let known = KnownReply(
        to: KeptReplyTests.question, #"{"text":"\#(String(repeating: "x", count: size))"}"#)
      test.server.kept = known
      let peer = try test.peer()
      let calls = 60
      await peer.send((0..<calls).flatMap { _ in Array(KeptReplyTests.question.utf8) + [0] })
      await peer.call("test.echo.Echo", ["text": "last"])
      for _ in 0..<calls {
        #expect(await peer.reply()?["parameters"]?["text"]?.string?.utf8.count == size)
      }
      #expect(await peer.reply()?["parameters"] == ["text": "last"])
      peer.close()
    }
  }
}

/// One reply that is known, and how often the loop had asked for memory by each time that it was given.
@EventLoop
private final class CountedReply: KeptReplies {
  private let question: [UInt8]
  private let parameters = Array(#"{"text":"kept"}"#.utf8)
  private(set) var allocations: [UInt] = []

  init(to question: String) {
    self.question = Array(question.utf8)
    allocations.reserveCapacity(1_000)
  }

  func write(
    replyTo frame: Span<UInt8>, of peer: Peer, watermark: Int, to out: inout [UInt8]
  ) -> Bool {
    let isKnown = frame.withUnsafeBytes { frame in
      question.withUnsafeBytes { question in
        frame.count == question.count
          && memcmp(frame.baseAddress!, question.baseAddress!, frame.count) == 0
      }
    }
    guard isKnown else { return false }
    allocations.append(allocations_of_this_thread())
    out += parameters
    return true
  }
}

/// One reply that is known.
@EventLoop
private final class KnownReply: KeptReplies {
  private let question: [UInt8]
  private let parameters: [UInt8]
  private(set) var askers: [Peer] = []

  init(to question: String, _ parameters: String) {
    self.question = Array(question.utf8)
    self.parameters = Array(parameters.utf8)
  }

  func write(
    replyTo frame: Span<UInt8>, of peer: Peer, watermark: Int, to out: inout [UInt8]
  ) -> Bool {
    guard frame.count == question.count, frame.indices.allSatisfy({ frame[$0] == question[$0] })
    else { return false }
    askers.append(peer)
    out += parameters
    return true
  }
}
