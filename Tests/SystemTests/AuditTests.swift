import EventLoop
import Files
import Glibc
import JSON
import Scalars
import TestSupport
import Testing

/// The record of attempts: what is in it, who may see it, and how it is asked.
@Suite(.turns) struct AuditTests {
  /// A daemon to which everything has happened that the audit tells of.
  @EventLoop
  private struct Story {
    let daemon: TestDaemon
    let client: TestClient
    let pillar = Commands.id()
    let theme = Commands.id()
    let stranger = Commands.id()

    init() async throws {
      daemon = try await TestDaemon.onTestCluster()
      try await daemon.start()
      client = try daemon.client()
      let create = Commands.createPillar("Health", id: pillar)
      _ = try await client.submit([create, Commands.createTheme("Sleep", in: pillar, id: theme)])
      _ = try await client.submit([create])
      _ = try await client.submit([Commands.createPillar("")])
      _ = try await client.submit([Commands.createPillar("Work").adding("expectedVersion", 999)])
      _ = try await client.submit([create.adding("occurredAt", "2026-01-01T00:00:00Z")])
      _ = try await client.submit(
        [Commands.createPillar("Play"), Commands.createPillar("Health")], atomic: true)
      for method in ["views.Tasks", "planner.Submit", "planner.Subscribe"] {
        var parameters: JSONObject = ["planner": .string(stranger)]
        if method == "planner.Submit" { parameters["commands"] = [] }
        client.send([
          "method": .string("org.plannerd.\(method)"), "parameters": .object(parameters),
          "more": .bool(method == "planner.Subscribe"),
        ])
        _ = try await client.message()
      }
      _ = try await client.submit([Commands.removePillar(pillar)])
    }
  }

  @Test @EventLoop
  func `applied, duplicate, rejected, conflict and denied are on record`() async throws {
    let story = try await Story()
    let entries = try await story.client.audit(["order": "oldest"])
    let told = entries.map { entry in
      let words = [entry["command"], entry["result"], entry["error"]].map { $0?.string ?? "-" }
      return words.joined(separator: " ")
    }
    let wanted = [
      "createPillar applied -", "createTheme applied -", "createPillar duplicate -",
      "createPillar rejected nameEmpty", "createPillar conflict conflict",
      "createPillar rejected idReused", "createPillar rejected withheld",
      "createPillar rejected nameTaken", "Tasks denied PlannerNotFound",
      "Submit denied PlannerNotFound", "Subscribe denied PlannerNotFound",
      "removePillar applied -",
    ]
    #expect(told.sorted() == wanted.sorted())
    for entry in entries {
      #expect(entry["uid"] == .int(Int(geteuid())) && entry["pid"] == .int(Int(getpid())))
      #expect(entry["durationMicroseconds"]?.int ?? -1 >= 0)
      let wrote = entry["result"] == "applied"
      #expect((entry["firstPosition"] != nil) == wrote, "\(entry.text)")
      #expect(entry["eventTypes"]?.array?.isEmpty == !wrote)
    }
    let removal = entries.first { $0["command"] == "removePillar" }
    #expect(removal?["eventTypes"] == ["ThemeRemoved", "PillarRemoved"])
    #expect(removal?["entityId"]?.string == story.pillar)
    let denied = entries.filter { $0["result"] == "denied" }
    #expect(denied.allSatisfy { $0["planner"]?.string == story.stranger })
    await story.daemon.stop()
  }

  @Test @EventLoop
  func `each filter finds what it names, and nothing else`() async throws {
    let story = try await Story()
    let client = story.client
    let all = try await client.audit(["order": "oldest"])
    for member in ["planner", "personId", "uid", "command", "result"] {
      for value in Set(all.compactMap { $0[member]?.text }) {
        let wanted = all.filter { $0[member]?.text == value }
        let found = try await client.audit(["order": "oldest", member: try JSON.parse(value)])
        #expect(found == wanted, "\(member) \(value)")
      }
    }
    for type in Set(all.flatMap { $0["eventTypes"]?.array ?? [] }.compactMap(\.string)) {
      let found = try await client.audit(["order": "oldest", "eventType": .string(type)])
      #expect(found == all.filter { $0["eventTypes"]!.array!.contains(.string(type)) }, "\(type)")
    }
    try await expectEntities(story, all)
    try await expectTimes(client, all)
    let newest = try await client.audit(["order": "newest"])
    #expect(newest == all.reversed())
    #expect(try await client.audit() == newest)
    for nothing: JSONObject in [
      ["command": "none"], ["result": "none"], ["eventType": "none"], ["uid": 77_777],
      ["entityId": .string(Commands.id())], ["since": "2999-01-01T00:00:00Z"],
    ] {
      #expect(try await client.audit(nothing).isEmpty)
    }
    await story.daemon.stop()
  }

  /// A thing is also found by what was done to it with others: the theme by the removal of its pillar.
  @EventLoop private func expectEntities(_ story: Story, _ all: [JSON]) async throws {
    let theme = try await story.client.audit([
      "order": "oldest", "entityId": .string(story.theme),
    ])
    #expect(theme.map { $0["command"] } == ["createTheme", "removePillar"])
    let pillar = try await story.client.audit([
      "order": "oldest", "entityId": .string(story.pillar),
    ])
    #expect(pillar.count { $0["result"] == "applied" } >= 2)
    #expect(pillar.contains { $0["result"] == "duplicate" })
    // Both together: what happened of that kind to that thing.
    for (type, commands) in [("ThemeRemoved", ["removePillar"]), ("PillarRemoved", [])] {
      let found = try await story.client.audit([
        "entityId": .string(story.theme), "eventType": .string(type),
      ])
      #expect(found.map { $0["command"]?.string } == commands)
      #expect(all.contains(found))
    }
  }

  /// `since` is in, `until` is out.
  @EventLoop private func expectTimes(_ client: TestClient, _ all: [JSON]) async throws {
    func at(_ entry: JSON) -> Instant { Instant(entry["at"]?.string ?? "")! }
    for bound in Set(all.map(at)).sorted() {
      let since = try await client.audit(["order": "oldest", "since": .string(bound.description)])
      #expect(since == all.filter { at($0) >= bound }, "\(bound)")
      let until = try await client.audit(["order": "oldest", "until": .string(bound.description)])
      #expect(until == all.filter { at($0) < bound }, "\(bound)")
    }
  }

  /// All pages from the first on, and the commands that were known to be settled before it was asked for.
  private struct Reading {
    let settled: Set<String>
    let entries: [JSON]
  }

  @Test(arguments: ["newest", "oldest"]) @EventLoop
  func `pages stay right while the record grows`(order: String) async throws {
    let daemon = try await TestDaemon.onTestCluster()
    try await daemon.start()
    let load = Load(daemon, seed: Seed.draw(for: "audit \(order)"))
    load.start()
    // Reading from the oldest on ends only when the writers do.
    let ending = Task { @EventLoop in
      try await Patience.until("200 answers") { load.acknowledgements.count > 200 }
      await load.stop()
    }
    var readings: [Reading] = []
    for start in [20, 60, 100] {
      try await Patience.until("\(start) answers") { load.acknowledgements.count > start }
      let settled = load.acknowledgements.commands
      let client = try daemon.client()
      readings.append(
        Reading(
          settled: settled, entries: try await client.audit(["order": .string(order)], limit: 7)))
      client.close()
    }
    try await ending.value
    let all = try await daemon.client().audit(["order": "oldest"])
    for reading in readings { expect(reading, within: all, order) }
    let times = all.map(\.at)
    #expect(times == times.sorted())
    #expect(Set(all.compactMap { $0["commandId"]?.string }) == load.acknowledgements.commands)
    await daemon.stop()
  }

  private func expect(_ reading: Reading, within all: [JSON], _ order: String) {
    let texts = Set(reading.entries.map(\.text))
    #expect(texts.count == reading.entries.count, "an entry came twice")
    #expect(texts.isSubset(of: Set(all.map(\.text))))
    let commands = Set(reading.entries.compactMap { $0["commandId"]?.string })
    #expect(reading.settled.subtracting(commands).isEmpty, "missed")
    if order == "newest" {
      let times = reading.entries.map(\.at)
      #expect(times == times.sorted(by: >), "a later page went forward in time")
    }
  }

  @Test(.enabled(if: SystemUser.current?.isRoot == true)) @EventLoop
  func `an operator sees everyone's attempts, others their own`() async throws {
    let story = try await Story()
    chmod(story.daemon.socket, 0o666)
    let nobody = try #require(SystemUser.named("nobody"))
    let other = Foreigner(user: nobody, socket: story.daemon.socket)
    let mine = try await story.client.call("org.plannerd.planner.Describe")
    _ = try await other.call("org.plannerd.planner.Submit", ["commands": [Commands.note(1)]])
    _ = try await other.call("org.plannerd.control.VerifyLog")
    _ = try await other.call("org.plannerd.views.Tasks", ["planner": mine["planner"]!])
    let audit = try await other.call("org.plannerd.planner.Audit", ["order": "oldest"])
    let own = audit["parameters"]?["entries"]?.array ?? []
    let told = own.map { "\($0["command"]!.string!) \($0["result"]!.string!)" }
    #expect(
      told.sorted() == ["Tasks denied", "VerifyLog denied", "changePreferences applied"].sorted())
    #expect(own.allSatisfy { $0["uid"] == .int(Int(nobody.uid)) })
    let all = try await story.client.audit()
    #expect(own.allSatisfy { all.contains($0) })
    #expect(all.contains { $0["uid"] != .int(Int(nobody.uid)) })
    let theirs = try await story.client.audit(["uid": .int(Int(nobody.uid)), "order": "oldest"])
    #expect(theirs == own)
    await story.daemon.stop()
  }
}

/// Another user of the machine, who calls from a process of theirs.
@EventLoop
private struct Foreigner {
  let user: SystemUser
  let socket: String

  private static let program = """
    import socket, sys
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(sys.argv[1])
    peer.sendall(sys.stdin.buffer.read() + b"\\0")
    reply = b""
    while not reply.endswith(b"\\0"):
        part = peer.recv(65536)
        if not part:
            break
        reply += part
    sys.stdout.write(reply[:-1].decode())
    """

  /// The whole reply.
  func call(_ method: String, _ parameters: JSON = [:]) async throws -> JSON {
    let message: JSON = ["method": .string(method), "parameters": parameters]
    let run = try await TestProgram.run(
      ["/usr/bin/env", "python3", "-c", Foreigner.program, socket], input: message.text, user: user)
    #expect(run.status == 0, "\(run.errors)")
    return try JSON.parse(run.output)
  }
}

extension JSON {
  fileprivate var at: Instant { Instant(self["at"]?.string ?? "")! }
}
