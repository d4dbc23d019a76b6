import EventLoop
import Files
import JSON
import Postgres
import TestSupport
import Testing

/// Views that are asked with `more`.
@Suite struct LiveViewTests {
  @Test @EventLoop func `a live query answers again when its rows change, and only then`()
    async throws
  {
    let running = try await DropInDaemon.start()
    let live = try running.daemon.client()
    live.ask("PillarAverages")
    #expect(try await live.message()["parameters"]?["rows"] == [])
    var names: [String] = []
    for number in 0..<20 {
      let id = SampleCommand.id()
      // A task changes nothing in the view.
      _ = try await running.client.submit([task("Task \(number)")])
      let written = try await running.client.submit([pillar(id, "Pillar \(number)")])
      names.append("Pillar \(number)")
      let message = try await live.message()
      #expect(message["continues"] == true)
      #expect(message["parameters"]?["rows"]?.array?.compactMap { $0["name"]?.string } == names)
      #expect(message["parameters"]?["position"]?.int == written.position)
    }
    live.close()
    await running.daemon.stop()
  }

  @Test @EventLoop func `a row that is mended is shown without an event`() async throws {
    let running = try await DropInDaemon.start()
    let live = try running.daemon.client()
    live.ask("PillarAverages")
    _ = try await live.message()
    _ = try await running.client.submit([pillar(SampleCommand.id(), "Right")])
    _ = try await live.message()
    let owner = try await Connection.open(running.daemon.info())
    let schema = try await owner.run([
      Query(
        Statement(
          "SELECT schema_name FROM projection.builds WHERE projection = 'pillar_averages'"))
    ])[0].text(0, 0)
    try await owner.runScript("UPDATE \(schema).pillars SET name = 'Wrong'")
    owner.close()
    func names() async throws -> [String?]? {
      try await live.message()["parameters"]?["rows"]?.array?.map { $0["name"]?.string }
    }
    _ = try await running.client.submit([pillar(SampleCommand.id(), "Next")])
    #expect(try await names() == ["Wrong", "Next"])
    _ = try await running.client.call(
      "org.plannerd.control.Verify", ["projection": "pillar_averages", "repair": true])
    #expect(try await names() == ["Right", "Next"])
    live.close()
    await running.daemon.stop()
  }

  @Test @EventLoop func `a slow reader gets the newest and holds up nobody`() async throws {
    let running = try await DropInDaemon.start()
    let slow = try RawPeer(running.daemon.socket)
    slow.push(
      #"{"method": "org.plannerd.views.Tasks", "more": true, "parameters": {"limit": 1000}}"#)
    let notes = String(repeating: "All of it. ", count: 700)
    var position = 0
    for round in 0..<60 {
      let commands = (0..<10).map { task("Task \(round)/\($0)", notes: notes) }
      position = try await running.client.submit(commands).position
    }
    let rows = try await running.client.call(
      "org.plannerd.views.Tasks", ["limit": 1_000, "atLeast": .int(position)])
    var count = 0
    var last: JSON = .null
    while last["rows"] != rows["rows"] {
      last = try JSON.parse(try #require(await slow.frame()))["parameters"] ?? .null
      count += 1
    }
    #expect(last["position"]?.int == position)
    #expect(count < 60, "\(count) answers")
    slow.close()
    await running.daemon.stop()
  }

  @Test @EventLoop func `it goes on over a rebuild and a lost database, and ends with its method`()
    async throws
  {
    let running = try await DropInDaemon.start()
    try running.write(DropInFolder.files)
    #expect(try await running.reload()["added"] == ["colours"])
    let live = try running.daemon.client()
    live.ask("Colours")
    #expect(try await live.message()["parameters"]?["rows"] == [])
    _ = try await running.client.submit([pillar(SampleCommand.id(), "A", color: "#111111")])
    #expect(try await live.message()["parameters"]?["rows"]?.array?.count == 1)

    let job = try await running.client.call(
      "org.plannerd.control.Rebuild", ["projection": "colours"])
    _ = try await running.client.end(ofJob: job["jobId"] ?? 0)
    _ = try await running.client.submit([pillar(SampleCommand.id(), "B", color: "#222222")])
    #expect(try await live.message()["parameters"]?["rows"]?.array?.count == 2)

    try await endSessions(running)
    var isWritten = false
    while !isWritten {
      let answer = try? await running.client.submit([
        pillar(SampleCommand.id(), "C", color: "#333333")
      ])
      isWritten = answer?.outcomes[0]["result"] == "applied"
    }
    #expect(try await live.message()["parameters"]?["rows"]?.array?.count == 3)

    // Another query over the same rows.
    try running.write([
      "colours/queries/Colours.sql": DropInFolder.query.replacing(
        "chosen FROM", with: "2 * chosen AS chosen FROM")
    ])
    #expect(try await running.reload()["changed"] == ["colours"])
    #expect(try await live.message()["parameters"]?["rows"]?[0]?["chosen"] == 2)

    _ = try await ForeignProgram.run(["rm", "-r", "\(running.folder)/colours"])
    #expect(try await running.reload()["removed"] == ["colours"])
    #expect(try await live.message()["error"] == "org.varlink.service.MethodNotFound")
    await running.daemon.stop()
  }

  @Test(arguments: ["asOf", "whatIf"]) @EventLoop
  func `a live query is about now`(parameter: String) async throws {
    let running = try await DropInDaemon.start()
    let live = try running.daemon.client()
    live.ask(
      "PillarAverages", [parameter: parameter == "asOf" ? ["position": 0] : .array([])])
    let message = try await live.message()
    #expect(message["error"] == "org.plannerd.views.InvalidInput")
    #expect(message["parameters"]?["parameter"]?.string == parameter)
    #expect(message["parameters"]?["rule"] == "notWithMore")
    await running.daemon.stop()
  }

  @EventLoop private func endSessions(_ running: DropInDaemon) async throws {
    let connection = try await Connection.open(running.daemon.info())
    _ = try await connection.run([
      Query(
        Statement(
          """
          SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
           WHERE usename LIKE 'plannerd_%' AND pid <> pg_backend_pid()
          """))
    ])
    connection.close()
  }

  @EventLoop private func pillar(_ id: String, _ name: String, color: String = "#808080") -> JSON {
    SampleCommand.make(
      "createPillar",
      ["pillarId": .string(id), "name": .string(name), "color": .string(color)])
  }

  @EventLoop private func task(_ title: String, notes: String = "") -> JSON {
    SampleCommand.make(
      "createTask",
      ["taskId": .string(SampleCommand.id()), "title": .string(title), "notes": .string(notes)])
  }
}

extension TestClient {
  /// Asks a view for all its answers.
  func ask(_ view: String, _ parameters: JSON = [:]) {
    send([
      "method": .string("org.plannerd.views.\(view)"), "more": true, "parameters": parameters,
    ])
  }
}
