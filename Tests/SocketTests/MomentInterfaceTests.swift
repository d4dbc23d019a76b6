import EventLoop
import JSON
import TestSupport
import Testing

/// Any moment through the socket, by clients that nobody here wrote.
@Suite struct MomentInterfaceTests {
  @Test @EventLoop
  func `a folder that was dropped in this morning is asked about the past and about what would be`()
    async throws
  {
    let running = try await DropInDaemon.start()
    let first = SampleCommand.id()
    let before = try await running.client.submit([pillar(first, "#112233")]).position
    _ = try await running.client.submit([
      pillar(SampleCommand.id(), "#445566"),
      SampleCommand.make("changePillar", ["pillarId": .string(first), "color": "#AABBCC"]),
    ])
    try running.write(DropInFolder.files)
    #expect(try await running.reload()["added"] == ["colours"])
    let now = try await running.foreignCall("org.plannerd.views.Colours")
    #expect(now["rows"]?.array?.count == 3)

    let then = try await running.foreignCall(
      "org.plannerd.views.Colours", ["asOf": ["position": .int(before)]])
    #expect(then["rows"] == [["color": "#112233", "chosen": 1]])
    #expect(then["position"]?.int == before)

    let whatIf: JSON = .array([
      pillar(SampleCommand.id(), "#112233"), pillar(SampleCommand.id(), "#DDEEFF"),
    ])
    let would = try await running.foreignCall("org.plannerd.views.Colours", ["whatIf": whatIf])
    #expect(would["rows"]?[0] == ["color": "#112233", "chosen": 2])
    #expect(would["rows"]?.array?.count == 4)
    #expect(try await running.foreignCall("org.plannerd.views.Colours") == now)

    try await saysWhy(running, since: before)
    try await refuses(running)
    await running.daemon.stop()
  }

  @EventLoop private func saysWhy(_ running: DropInDaemon, since before: Int) async throws {
    let why = try await running.foreignCall(
      "org.plannerd.views.Why", ["method": "Colours", "key": "#AABBCC"])
    #expect(why["row"] == ["color": "#AABBCC", "chosen": 1])
    let change = why["changes"]?[0]
    #expect(change?["type"] == "PillarChanged")
    #expect(change?["columns"]?[1] == ["name": "chosen", "after": "1"])
    let changes = try await running.foreignCall(
      "org.plannerd.views.Changes",
      ["method": "Colours", "since": ["position": .int(before)]])
    #expect(changes["rows"]?.array?.map { $0["key"] } == ["#445566", "#AABBCC"])
    #expect(changes["rows"]?[1]?["events"]?[0]?["position"] == change?["position"])
    let would = try await running.foreignCall(
      "org.plannerd.views.Changes",
      ["method": "Colours", "whatIf": .array([pillar(SampleCommand.id(), "#AABBCC")])])
    #expect(would["rows"]?[0]?["columns"] == ["chosen"])
  }

  @EventLoop private func refuses(_ running: DropInDaemon) async throws {
    func error(_ parameters: JSON) async throws -> JSON {
      let answer = try await running.foreignCall("org.plannerd.views.Colours", parameters)
      #expect(answer["error"] == "org.plannerd.views.InvalidInput")
      return answer["parameters"] ?? .null
    }
    let unnamed = SampleCommand.make(
      "createPillar", ["pillarId": .string(SampleCommand.id()), "name": ""])
    let refused = try await error([
      "whatIf": .array([pillar(SampleCommand.id(), "#000000"), unnamed])
    ])
    #expect(refused["parameter"] == "whatIf[1].createPillar.name", "\(refused)")
    #expect(refused["message"]?.string?.isEmpty == false)
    let both = try await error(["whatIf": [], "asOf": ["position": 1]])
    #expect(both["rule"] == "notWithAsOf")
    #expect(try await error(["asOf": ["position": -1]])["parameter"] == "asOf.position")
    #expect(try await error(["asOf": [:]])["rule"] == "exactlyOne")
  }

  @EventLoop private func pillar(_ id: String, _ color: String) -> JSON {
    SampleCommand.make(
      "createPillar",
      ["pillarId": .string(id), "name": .string("Pillar \(id)"), "color": .string(color)])
  }
}
