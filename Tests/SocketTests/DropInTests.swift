import EventLoop
import Files
import Glibc
import JSON
import TestSupport
import Testing

/// Projections that come, change and go while the daemon runs.
@Suite struct DropInTests {
  @Test @EventLoop func `a folder that comes later adds a view with its method`() async throws {
    let running = try await DropInDaemon.start()
    let written = try await running.client.submit([
      pillar(color: "#112233"), pillar(color: "#445566"), pillar(color: "#112233"),
    ])
    #expect(
      try await running.foreignCall("org.plannerd.planner.Ping") == [:], "the client does not run")
    try running.write(DropInFolder.files)
    let report = try await running.reload()
    #expect(report["added"] == ["colours"])
    #expect(report["refused"] == [])

    let answer = try await running.foreignCall(
      "org.plannerd.views.Colours", ["atLeast": written["position"]!])
    #expect(
      answer["rows"] == [["color": "#112233", "chosen": 2], ["color": "#445566", "chosen": 1]])
    let one = try await running.foreignCall("org.plannerd.views.Colours", ["color": "#445566"])
    #expect(one["rows"]?.array?.count == 1)
    let wrong = try await running.foreignCall(
      "org.plannerd.views.Colours", ["planner": "01900000-0000-7000-8000-00000000abba"])
    #expect(wrong["error"] == "org.plannerd.views.PlannerNotFound")
    try await staysLive(running)
    let help = try await ForeignProgram.run([
      ForeignProgram.python, "-m", "varlink.cli", "help",
      "unix:\(running.daemon.socket)/org.plannerd.views",
    ])
    #expect(help.output.contains("# The colours that the planner's pillars have had"))
    await running.daemon.stop()
    try await survivesRestart(running)
  }

  /// New events reach it as they do the others.
  @EventLoop private func staysLive(_ running: DropInDaemon) async throws {
    let more = try await running.client.submit([pillar(color: "#778899")])
    let answer = try await running.client.call(
      "org.plannerd.views.Colours", ["atLeast": more["position"]!])
    #expect(answer["rows"]?.array?.count == 3)
  }

  @EventLoop private func survivesRestart(_ running: DropInDaemon) async throws {
    try await running.daemon.start()
    let client = try running.daemon.client()
    #expect(try await client.call("org.plannerd.views.Colours")["rows"]?.array?.count == 3)
    await running.daemon.stop()
  }

  @Test @EventLoop func `a changed query changes the method without a rebuild`() async throws {
    let running = try await DropInDaemon.start()
    try running.write(DropInFolder.files)
    try await running.client.submit([pillar(color: "#112233")])
    #expect(try await running.reload()["added"] == ["colours"])
    let before = try await running.health("colours")
    try running.write([
      "colours/queries/Colours.sql": DropInFolder.query.replacing(
        "SELECT color, chosen", with: "SELECT color, chosen, upper(color) AS shouted")
    ])
    #expect(try await running.reload()["changed"] == ["colours"])
    let answer = try await running.foreignCall("org.plannerd.views.Colours")
    #expect(
      answer["rows"] == [["color": "#112233", "chosen": 1, "shouted": "#112233"]])
    let after = try await running.health("colours")
    #expect(after?["build"] == before?["build"])
    #expect(after?["generation"] == before?["generation"])
    await running.daemon.stop()
  }

  /// Asked all the while, the view gives the old answer or the new one, never none and no error.
  @Test @EventLoop func `a changed apply is rebuilt and swapped in unnoticed`() async throws {
    let running = try await DropInDaemon.start()
    try running.write(DropInFolder.files)
    for _ in 0..<5 {
      try await running.client.submit((0..<1_000).map { _ in pillar(color: "#112233") })
    }
    #expect(try await running.reload()["added"] == ["colours"])
    let before = try await running.health("colours")
    try running.write([
      "colours/apply.sql": DropInFolder.apply.replacing("count(*)", with: "2 * count(*)")
    ])
    let reader = try running.daemon.client()
    let reloading = Task { @EventLoop in try await running.reload() }
    let old: JSON = [["color": "#112233", "chosen": 5_000]]
    let new: JSON = [["color": "#112233", "chosen": 10_000]]
    var answers = 0
    var isNew = false
    while !isNew {
      let rows = try await reader.call("org.plannerd.views.Colours")["rows"]
      isNew = rows == new
      answers += 1
      if rows != old && rows != new {
        Issue.record("answer \(answers) is \(rows.map(\.text) ?? "nothing")")
        break
      }
    }
    #expect(try await reloading.value["changed"] == ["colours"])
    #expect(try await running.health("colours")?["build"] != before?["build"])
    // The build before the swap is dropped two seconds later, unnoticed too.
    let clock = ContinuousClock()
    let end = clock.now + .seconds(3)
    while clock.now < end { #expect(try await running.rows("Colours") == new) }
    await running.daemon.stop()
  }

  @Test @EventLoop func `a folder that goes takes its method with it`() async throws {
    let running = try await DropInDaemon.start()
    try running.write(DropInFolder.files)
    #expect(try await running.reload()["added"] == ["colours"])
    _ = try await ForeignProgram.run(["rm", "-r", "\(running.folder)/colours"])
    #expect(try await running.reload()["removed"] == ["colours"])
    #expect(
      await running.client.exchange(["method": "org.plannerd.views.Colours"])
        == .error(
          "org.varlink.service.MethodNotFound", ["method": "org.plannerd.views.Colours"]))
    #expect(try await running.rows("Tasks") == [])
    await running.daemon.stop()
  }

  @Test @EventLoop func `SIGHUP reads the folders as well`() async throws {
    let running = try await DropInDaemon.start()
    try running.write(DropInFolder.files)
    running.daemon.process?.send(SIGHUP)
    var isThere = false
    while !isThere {
      let answer = await running.client.exchange(["method": "org.plannerd.views.Colours"])
      if case .reply(let reply) = answer { isThere = reply["error"] == nil }
    }
    #expect(try await running.rows("Colours") == [])
    await running.daemon.stop()
  }

  @EventLoop private func pillar(color: String) -> JSON {
    let id = SampleCommand.id()
    return SampleCommand.make(
      "createPillar",
      ["pillarId": .string(id), "name": .string("Pillar \(id)"), "color": .string(color)])
  }
}
