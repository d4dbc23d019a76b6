import EventLoop
import JSON
import TestSupport
import Testing

@Suite(.turns) struct DaemonTests {
  @Test @EventLoop func `a command is answered and seen by a query`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    let client = try daemon.client()
    let answer = try await client.call(
      "org.plannerd.planner.Submit",
      [
        "commands": [
          [
            "commandId": "01900000-0000-7000-8000-000000000001",
            "createPillar": ["pillarId": "01900000-0000-7000-8000-000000000002", "name": "Health"],
          ]
        ]
      ])
    #expect(answer["outcomes"]?[0]?["result"] == "applied")
    let pillars = try await client.call(
      "org.plannerd.views.PillarAverages", ["atLeast": answer["position"]!])
    #expect(pillars["rows"]?[0]?["name"] == "Health")
    await daemon.stop()
    #expect(daemon.process?.status == 0, "\(daemon.logText)")
  }
}
