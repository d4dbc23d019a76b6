import EventLoop
import Files
import Glibc
import JSON
import TestCommands
import TestSupport
import Testing

/// Following while commands stream: none left out, none twice, in order.
@Suite(.turns) struct SubscriberTests {
  /// Positions as a subscriber saw them, over all its lives.
  @EventLoop
  private final class Seen {
    var positions: [Int] = []
    var last: Int { positions.last ?? 0 }
  }

  @Test @EventLoop
  func `a subscriber that is cut off and resumed by position misses and repeats nothing`()
    async throws
  {
    let (daemon, load, chance) = try await underLoad("subscriber")
    var random = chance
    let seen = Seen()
    for life in 0..<25 {
      if life == 12 {
        await daemon.kill()
        try await daemon.start()
      }
      try await follow(daemon, seen, for: Int.random(in: 0...30, using: &random))
    }
    await load.stop()
    let head = try await daemon.client().health()["position"]?.int ?? 0
    while seen.last < head { try await follow(daemon, seen, for: 1) }
    #expect(seen.positions == Array(1...head))
    #expect(head > 100)
    await daemon.stop()
  }

  /// A daemon that commands stream to, and chance for the rest of the test.
  @EventLoop private func underLoad(_ test: String) async throws
    -> (daemon: TestDaemon, load: Load, random: SplitMix64)
  {
    let seed = Seed.draw(for: test)
    let daemon = try await TestDaemon.onTestCluster()
    try await daemon.start()
    let load = Load(daemon, seed: seed)
    load.start()
    return (daemon, load, SplitMix64(seed: seed))
  }

  /// One life of a subscriber: it goes after so many events, in the middle of whatever is under way.
  @EventLoop private func follow(_ daemon: TestDaemon, _ seen: Seen, for count: Int) async throws {
    let client = try daemon.client()
    client.subscribe(after: seen.last)
    let first = try await client.reply()
    #expect(first["ready"] == true)
    #expect(first["events"] == [])
    let enough = seen.positions.count + count
    while seen.positions.count < enough {
      let reply = try await client.reply()
      let events = reply["events"]?.array ?? []
      #expect(reply["ready"] == false)
      #expect(reply["position"] == events.last?["position"])
      seen.positions += events.compactMap { $0["position"]?.int }
    }
    client.close()
  }

  @Test @EventLoop
  func `planner follow, killed and begun again after its last line, misses and repeats nothing`()
    async throws
  {
    let (daemon, load, chance) = try await underLoad("planner follow")
    var random = chance
    let seen = Seen()
    for _ in 0..<8 {
      let enough = seen.last + Int.random(in: 1...40, using: &random)
      try await followByProgram(daemon, seen, upTo: enough) {}
    }
    // It lives through a crash of the daemon by itself.
    let enough = seen.last + 40
    try await followByProgram(daemon, seen, upTo: enough) {
      await daemon.kill()
      try await daemon.start()
    }
    await load.stop()
    #expect(seen.positions == Array(1...seen.last))
    await daemon.stop()
  }

  /// Runs the program until its output has got so far, and kills it.
  @EventLoop private func followByProgram(
    _ daemon: TestDaemon, _ seen: Seen, upTo position: Int, meanwhile: () async throws -> Void
  ) async throws {
    let path = "\(daemon.folder)/follow-\(seen.last)"
    let output = try Files.openForAppending(path)
    defer { close(output) }
    var options = ChildProcess.Options([
      "\(TestDaemon.programs)/planner", "--socket", daemon.socket, "--json", "follow", "--after",
      String(seen.last),
    ])
    options.standardOutput = output
    options.parentDeathSignal = SIGTERM
    let follower = try ChildProcess(options)
    try await Patience.until("its first reply") { ((try? Files.read(path)) ?? "").isEmpty == false }
    try await meanwhile()
    try await Patience.until("position \(position) in \(path)") {
      (positions(in: path).last ?? 0) >= position
    }
    follower.send(SIGKILL)
    _ = await follower.wait()
    seen.positions += positions(in: path)
  }

  /// Those of whole lines.
  private func positions(in path: String) -> [Int] {
    let text = (try? Files.read(path)) ?? ""
    guard let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    return text[..<end].split(separator: "\n").flatMap { line in
      let reply = try? JSON.parse(String(line))
      return (reply?["events"]?.array ?? []).compactMap { $0["position"]?.int }
    }
  }
}
