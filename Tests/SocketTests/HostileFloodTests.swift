import EventLoop
import Files
import Glibc
import JSON
import TestSupport
import Testing

/// A hundred thousand frames that are no proper calls, against a daemon that others use meanwhile.
@Suite(.daemon()) struct HostileFloodTests {
  private static let seed: UInt64 = 20_261_121
  private static let frames = 100_000
  private static let lanes = 16

  @Test @EventLoop func `malformed frames harm nobody but who sent them`() async throws {
    signal(SIGPIPE, SIG_IGN)
    let daemon = SharedDaemon.current
    let root = try daemon.client()
    let pillar = try await root.submit([SampleCommand.createPillar("Steady")])
    #expect(pillar["outcomes"]?[0]?["result"] == "applied")
    let head = try await root.head()

    // A tenth of it first, so that caches and buffers have their size.
    try await flood(daemon, frames: HostileFloodTests.frames / 10, seed: HostileFloodTests.seed)
    let before = try DaemonMemory(daemon)
    let bystander = HostileBystander(try daemon.client())
    let watching = Task { @EventLoop in try await bystander.run() }
    try await flood(
      daemon, frames: HostileFloodTests.frames * 9 / 10, seed: HostileFloodTests.seed + 1_000)
    bystander.stop()
    try await watching.value
    let after = try DaemonMemory(daemon)

    #expect(bystander.answered > 100)
    #expect(try await root.head() == head, "a hostile frame was written to the log")
    let health = try await root.call("org.plannerd.control.Health")
    #expect(health["state"] == "ready")
    #expect(health["connections"]?.int ?? 99 <= 3)
    print(
      "resident \(before.resident) kB before, \(after.resident) kB after, peak \(after.peak) kB")
    print("the bystander's \(bystander.answered) calls took at most \(bystander.slowest)")
    // Measured: see Tests/foreign/README.md.
    #expect(after.resident < before.resident + 16_384)
    #expect(after.peak < 131_072)
  }

  /// Each lane is a client that sends frame after frame, on a new connection where the old was ended.
  @EventLoop
  private func flood(_ daemon: TestDaemon, frames: Int, seed: UInt64) async throws {
    let lanes = (0..<HostileFloodTests.lanes).map { lane in
      Task { @EventLoop in
        let sender = try HostileSender(daemon, seed: seed + UInt64(lane))
        for _ in 0..<frames / HostileFloodTests.lanes { try await sender.sendNext() }
        sender.close()
      }
    }
    for lane in lanes { try await lane.value }
  }
}

/// Sends hostile frames one by one and holds what comes back against what must.
@EventLoop
private final class HostileSender {
  private let daemon: TestDaemon
  private let seed: UInt64
  private var frames: HostileFrames
  private var client: TestClient
  private var count = 0

  init(_ daemon: TestDaemon, seed: UInt64) throws {
    self.daemon = daemon
    self.seed = seed
    frames = HostileFrames(seed: seed)
    client = try daemon.client()
  }

  func close() { client.close() }

  func sendNext() async throws {
    count += 1
    let frame = frames.next()
    if frame.kind == .left {
      client.send(bytes: frame.bytes)
      client.close()
    } else if let wrong = await exchange(frame) {
      Issue.record("seed \(seed), frame \(count), \(frame.kind): \(wrong) to \(text(frame))")
    }
    if client.isClosed { client = try daemon.client() }
  }

  /// Nil where the answer is as it must be. Behind the frame goes a call whose answer is known by its number.
  private func exchange(_ frame: HostileFrame) async -> String? {
    let mark = "org.example.mark\(count)"
    let isMark = Answer.error(
      "org.varlink.service.InterfaceNotFound", ["interface": .string(mark)])
    client.send(bytes: frame.bytes + [0] + Array(#"{"method":"\#(mark).X"}"#.utf8) + [0])
    let first = await client.answer()
    if first == .closed {
      return frame.expected == .closed || frame.expected == .replyOrClosed ? nil : "closed"
    }
    switch frame.expected {
    case .closed: return "\(first)"
    case .silence: return first == isMark ? nil : "\(first)"
    case .error(let name):
      guard case .reply(let reply) = first, reply["error"]?.string == name else {
        return "\(first)"
      }
    case .reply, .replyOrClosed:
      // A mutated call may have become a oneway one.
      if first == isMark { return frame.expected == .reply ? "no reply" : nil }
    }
    let second = await client.answer()
    return second == isMark ? nil : "\(second) after \(first)"
  }

  private func text(_ frame: HostileFrame) -> String {
    String(decoding: frame.bytes.prefix(300), as: UTF8.self).debugDescription
  }
}

/// Someone who uses the daemon as it is meant.
@EventLoop
private final class HostileBystander {
  private let client: TestClient
  private var isOver = false
  private(set) var answered = 0
  private(set) var slowest = Duration.zero

  init(_ client: TestClient) {
    self.client = client
  }

  func stop() { isOver = true }

  func run() async throws {
    let pillars = try await client.call("org.plannerd.views.PillarAverages")
    let clock = ContinuousClock()
    while !isOver {
      let start = clock.now
      let again = try await client.call("org.plannerd.views.PillarAverages")
      slowest = max(slowest, clock.now - start)
      answered += 1
      if again != pillars { Issue.record("the bystander got \(again)") }
    }
  }
}

/// The memory of a daemon, in kB, as the kernel counts it.
struct DaemonMemory {
  let resident: Int
  let peak: Int

  @EventLoop init(_ daemon: TestDaemon) throws {
    let status = try Files.read("/proc/\(daemon.process?.pid ?? 0)/status")
    func value(_ name: String) -> Int {
      let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
      return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
        .flatMap { Int($0) } ?? .max
    }
    resident = value("VmRSS")
    peak = value("VmHWM")
  }
}
