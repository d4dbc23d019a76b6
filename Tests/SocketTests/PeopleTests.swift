import EventLoop
import JSON
import TestSupport
import Testing
import Varlink

/// Two people on one socket: the test's root and another user. What is one's is as nothing to the other.
@Suite(.daemon(), .enabled(if: OtherUser.isPossible, "only root can be another user"))
struct PeopleTests {
  @Test @EventLoop
  func `a planner opens by itself with the first command, and is empty until then`()
    async throws
  {
    // Of their own, for others write to the shared one meanwhile.
    let daemon = try TestDaemon()
    try await daemon.startInTurn()
    let root = try daemon.client()
    let them = try OtherUser.client(daemon)
    _ = try await root.submit([SampleCommand.createPillar("Root's")])
    let head = try await root.head()

    let description = try await them.call("org.plannerd.planner.Describe")
    #expect(description["administrator"] == false)
    for view in ["PillarAverages", "ThemeRatings", "RatingHistory", "Tasks", "Best", "Removed"] {
      #expect(try await them.call("org.plannerd.views.\(view)")["rows"] == [], "\(view)")
    }
    #expect(try await them.call("org.plannerd.planner.Audit")["entries"] == [])
    #expect(try await root.head() == head, "a read has written to the log")

    let answer = try await them.submit([SampleCommand.createPillar("Theirs")])
    #expect(answer.outcomes[0]["result"] == "applied")
    #expect(answer.outcomes[0]["version"] == 2)
    let pillars = try await them.call(
      "org.plannerd.views.PillarAverages", ["atLeast": .int(answer.position)])
    #expect(pillars["rows"]?.array?.map { $0["name"]?.string } == ["Theirs"])
    await daemon.stop()
  }

  /// Byte for byte, but for the id: whether there is such a planner is not to be learned.
  @Test @EventLoop func `another's planner answers as one that does not exist`() async throws {
    let daemon = SharedDaemon.current
    let root = try daemon.client()
    _ = try await root.submit([SampleCommand.createPillar()])
    let theirs = try await planner(of: root)
    let absent = "01900000-0000-4000-8000-00000000abba"
    let peer = try OtherUser.rawPeer(daemon)
    for frame in try await framesWithPlanner(root) {
      peer.push(frame.replacing("PLANNER", with: theirs))
      peer.push(frame.replacing("PLANNER", with: absent))
      let existing = await peer.frame()
      let missing = await peer.frame()
      #expect(existing?.contains("PlannerNotFound") == true, "\(frame): \(existing ?? "closed")")
      #expect(existing?.replacing(theirs, with: absent) == missing, "\(frame)")
    }
    peer.close()
  }

  @Test @EventLoop func `what was denied is on record for root`() async throws {
    let daemon = SharedDaemon.current
    let root = try daemon.client()
    let them = try OtherUser.client(daemon)
    let planner = try await planner(of: root)
    for frame in try await framesWithPlanner(root) {
      _ = await them.exchange(frame.replacing("PLANNER", with: planner))
    }
    let denied = try await root.call(
      "org.plannerd.planner.Audit",
      [
        "result": "denied", "uid": .int(Int(OtherUser.uid)), "planner": .string(planner),
        "limit": 1_000,
      ])
    let entries = denied["entries"]?.array ?? []
    let commands = Set(entries.compactMap { $0["command"]?.string })
    #expect(
      commands.isSuperset(of: [
        "Submit", "Audit", "Subscribe", "Tasks", "Task", "PillarAverages",
      ]))
    #expect(entries.allSatisfy { $0["error"] == "PlannerNotFound" && $0["result"] == "denied" })
  }

  @Test @EventLoop func `control is for operators, but for Health`() async throws {
    let daemon = SharedDaemon.current
    let them = try OtherUser.client(daemon)
    let root = try daemon.client()
    let calls: [(String, JSON)] = [
      ("Rebuild", ["projection": "tasks"]), ("Rebuild", ["projection": "absent"]), ("Verify", [:]),
      ("Jobs", [:]), ("Watch", ["jobId": 1]), ("Cancel", ["jobId": 1]), ("Reload", [:]),
      ("VerifyLog", [:]), ("Diff", ["projection": "tasks"]), ("Swap", ["projection": "tasks"]),
      ("Rollback", ["projection": "tasks"]), ("Prune", [:]), ("Builds", [:]), ("Failures", [:]),
      ("Retry", ["projection": "tasks"]),
    ]
    for (method, parameters) in calls {
      let name = "org.plannerd.control.\(method)"
      let answer = await them.exchange(["method": .string(name), "parameters": parameters])
      #expect(
        answer == .error("org.plannerd.control.NotPermitted", ["method": .string(method)]))
    }
    let definition = try await root.definition("org.plannerd.control")
    let called = Set(calls.map { $0.0 } + ["Health"])
    #expect(Set(definition.methods.keys) == called)
    #expect(try await them.call("org.plannerd.control.Health")["state"] == "ready")
    let denied = try await root.call(
      "org.plannerd.planner.Audit", ["result": "denied", "limit": 1_000])
    #expect(
      denied["entries"]?.array?.contains {
        $0["command"] == "Rebuild" && $0["error"] == "NotPermitted"
      } == true)
  }

  @Test @EventLoop func `each follows and sees what is their own, and root's audit shows it all`()
    async throws
  {
    let daemon = SharedDaemon.current
    let root = try daemon.client()
    let them = try OtherUser.client(daemon)
    let following = try Follower(try daemon.client(), "PillarCreated")
    let theirFollowing = try Follower(try OtherUser.client(daemon), "PillarCreated")
    try await following.ready()
    try await theirFollowing.ready()
    let commands = (0..<6).map { _ in SampleCommand.createPillar() }
    var position = 0
    for (index, command) in commands.enumerated() {
      position = try await (index % 2 == 0 ? root : them).submit([command]).position
    }
    let ids = commands.map { $0["commandId"]!.string! }
    let own = [ids[0], ids[2], ids[4]]
    let others = [ids[1], ids[3], ids[5]]
    #expect(Set(try await following.commands(until: ids[4])).isDisjoint(with: others))
    #expect(Set(try await theirFollowing.commands(until: ids[5])).isDisjoint(with: own))

    let pillars = try await root.call(
      "org.plannerd.views.PillarAverages", ["atLeast": .int(position)])
    let names = Set(pillars["rows"]?.array?.compactMap { $0["name"]?.string } ?? [])
    #expect(names.contains(commands[0]["createPillar"]!["name"]!.string!))
    #expect(!names.contains(commands[1]["createPillar"]!["name"]!.string!))

    let everyone = try await auditedCommands(root)
    #expect(everyone.isSuperset(of: ids))
    let theirOwn = try await auditedCommands(them)
    #expect(theirOwn.isSuperset(of: others))
    #expect(theirOwn.isDisjoint(with: own))
  }

  @Test(arguments: ["uid", "personId", "entityId"])
  @EventLoop func `no filter of the audit shows another's attempts`(filter: String) async throws {
    let daemon = SharedDaemon.current
    let root = try daemon.client()
    let command = SampleCommand.createPillar()
    _ = try await root.submit([command])
    let person = try await root.call("org.plannerd.planner.Describe")["personId"]!
    let values: [String: JSON] = [
      "uid": 0, "personId": person, "entityId": command["createPillar"]!["pillarId"]!,
    ]
    var parameters = JSONObject()
    parameters[filter] = values[filter]
    let seen = try await root.call("org.plannerd.planner.Audit", .object(parameters))
    #expect(seen["entries"] != [])
    let them = try OtherUser.client(daemon)
    let hidden = try await them.call("org.plannerd.planner.Audit", .object(parameters))
    #expect(hidden["entries"] == [])
  }

  /// Ids of commands and things are each person's own: another's neither help nor get in the way, nor are
  /// they to be found out.
  @Test @EventLoop func `another's command ids neither help nor leak`() async throws {
    let daemon = SharedDaemon.current
    let root = try daemon.client()
    let them = try OtherUser.client(daemon)
    let command = SampleCommand.createPillar()
    let first = try await root.submit([command]).outcomes[0]
    let theirs = try await them.submit([command]).outcomes[0]
    #expect(theirs["result"] == "applied")
    #expect(theirs["firstPosition"] != first["firstPosition"])
    #expect(
      try await root.submit([command]).outcomes[0]["firstPosition"] == first["firstPosition"])

    var other = SampleCommand.createPillar().object!
    let second = SampleCommand.createPillar()
    _ = try await root.submit([second])
    other["commandId"] = second["commandId"]
    #expect(try await them.submit([.object(other)]).outcomes[0]["result"] == "applied")
  }

  @Test @EventLoop func `one user's connections do not lock out another's`() async throws {
    let daemon = try TestDaemon(arguments: ["--connections-per-user", "2"])
    try await daemon.startInTurn()
    let clients = try (0..<2).map { _ in try OtherUser.client(daemon) }
    for client in clients { #expect(await client.ping() == .pong) }
    let refused = try OtherUser.rawPeer(daemon)
    await refused.untilClosed()
    let root = try daemon.client()
    #expect(await root.ping() == .pong)
    await daemon.stop()
  }

  // MARK: Who and what

  @EventLoop private func planner(of client: TestClient) async throws -> String {
    try await client.call("org.plannerd.planner.Describe")["planner"]?.string ?? ""
  }

  /// A call of every method that takes a planner, and Submits of several kinds.
  @EventLoop private func framesWithPlanner(_ client: TestClient) async throws -> [String] {
    let id = SampleCommand.id()
    let command = SampleCommand.createPillar().text
    let planner = #""planner":"PLANNER""#
    func frame(_ method: String, _ more: String = "", _ flags: String = "") -> String {
      #"{"method":"\#(method)","parameters":{\#(planner)\#(more)}\#(flags)}"#
    }
    let submit = "org.plannerd.planner.Submit"
    let planners = [
      frame(submit, #","commands":[]"#), frame(submit, #","commands":[\#(command)]"#),
      frame(submit, #","commands":[\#(command)],"dryRun":true"#),
      frame(submit, #","commands":[{"commandId":"\#(id)"}],"atomic":true"#),
      frame("org.plannerd.planner.Audit"),
      frame("org.plannerd.planner.Subscribe", #","after":0"#, #","more":true"#),
      frame("org.plannerd.planner.Subscribe"),
    ]
    let methods = try await client.definition("org.plannerd.views").methods.values.filter {
      $0.input.contains { $0.name == "planner" }
    }
    let views = methods.flatMap { method in
      let required = method.input.filter { field in
        if case .nullable = field.type { false } else { true }
      }
      let more = required.map { #","\#($0.name)":"\#(id)""# }.joined()
      let name = "org.plannerd.views.\(method.name)"
      var frames = [frame(name, more), frame(name, more, #","more":true"#)]
      let offered = Set(method.input.map(\.name))
      if offered.contains("asOf") { frames.append(frame(name, more + #","asOf":{"position":1}"#)) }
      if offered.contains("whatIf") {
        frames.append(frame(name, more + #","whatIf":[\#(command)]"#))
      }
      return frames
    }
    return planners + views
  }

  @EventLoop private func auditedCommands(_ client: TestClient) async throws -> Set<String> {
    let entries = try await client.call("org.plannerd.planner.Audit", ["limit": 1_000])["entries"]
    return Set(entries?.array?.compactMap { $0["commandId"]?.string } ?? [])
  }
}

/// Someone who follows events of a type from now on.
@EventLoop
private final class Follower {
  private let client: TestClient
  private let type: String

  init(_ client: TestClient, _ type: String) throws {
    self.client = client
    self.type = type
    client.send(["method": "org.plannerd.planner.Subscribe", "more": true])
  }

  func ready() async throws {
    #expect(try await client.reply()["ready"] == true)
  }

  /// The commands whose events came, up to this one's.
  func commands(until last: String) async throws -> [String] {
    var seen: [String] = []
    while seen.last != last {
      for event in try await client.reply()["events"]?.array ?? []
      where event["type"]?.string == type {
        seen.append(event["commandId"]?.string ?? "")
      }
    }
    return seen
  }
}
