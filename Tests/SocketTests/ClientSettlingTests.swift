import JSON
import Testing
import Varlink

@testable import planner

/// A Submit whose answer is lost on the way.
@Suite struct ClientSettlingTests {
  private let theme: JSON = [
    "position": 5,
    "rows": [
      ["themeId": "bbbb0000-0000-7000-8000-000000000003", "name": "Sleep", "ratingPercent": 55]
    ],
  ]
  private let rate = ["theme", "rate", "Sleep", "70"]

  private func applied(_ result: String = "applied") -> JSON {
    [
      "position": 9,
      "outcomes": [
        ["commandId": "x", "result": .string(result), "firstPosition": 8, "lastPosition": 8]
      ],
    ]
  }

  private func submits(_ run: ClientRun) -> [JSON] {
    run.calls.filter { $0["method"]?.string == "org.plannerd.planner.Submit" }
  }

  @Test func `is sent again with the same id and told as done`() throws {
    let run = try ClientRun(
      rate, [ClientPeer().reply(theme).end(), ClientPeer().reply(applied("duplicate"))])
    #expect(run.code == .ok)
    #expect(run.output == "Rated Sleep 70 % (was 55 %)  (position 8)\n")
    #expect(run.errors.contains("asking again"))
    let sent = submits(run)
    #expect(sent.count == 2)
    #expect(sent[0] == sent[1])
  }

  @Test func `a database that does not know is asked again`() throws {
    let unknown: JSON = ["message": "gone", "outcomeUnknown": true]
    let run = try ClientRun(
      rate,
      [
        ClientPeer().reply(theme).error("org.plannerd.planner.DatabaseUnavailable", unknown),
        ClientPeer().error("org.plannerd.planner.DatabaseUnavailable", ["outcomeUnknown": false]),
        ClientPeer().reply(applied()),
      ])
    #expect(run.code == .ok)
    #expect(submits(run).count == 3)
  }

  @Test func `stays unknown where nobody answers in time, and the id is told`() throws {
    let run = try ClientRun(rate, [ClientPeer().reply(theme).end()])
    #expect(run.code == .outcomeUnknown)
    let id = try #require(submits(run).first?["parameters"]?["commands"]?[0]?["commandId"]?.string)
    #expect(run.message.contains("command \(id) was carried out is unknown"))
    #expect(run.message.contains("planner apply -"))
  }

  @Test func `a database that has written nothing ends it at once`() throws {
    let run = try ClientRun(
      rate,
      [
        ClientPeer().reply(theme)
          .error(
            "org.plannerd.planner.DatabaseUnavailable", ["message": "m", "outcomeUnknown": false])
      ])
    #expect(run.code == .databaseUnavailable)
    #expect(submits(run).count == 1)
  }

  @Test func `what never arrived is not unknown`() throws {
    let run = try ClientRun(["pillar", "add", "x"], [ClientPeer().gone()])
    #expect(run.code == .noDaemon)
  }

  @Test func `no daemon at all is told at once, with where it was looked for`() throws {
    let run = try ClientRun(["--socket", "/gone", "pillars"], [])
    #expect(run.code == .noDaemon)
    #expect(run.message.contains("/gone"))
    #expect(run.message.contains("ops/up"))
  }

  @Test func `a question goes on over a new connection`() throws {
    let run = try ClientRun(
      ["pillars"], [ClientPeer().end(), ClientPeer().reply(["position": 1, "rows": []])])
    #expect(run.code == .ok)
    #expect(run.output.hasPrefix("No pillars."))
  }

  @Test func `a peer that speaks something else is a fault`() throws {
    let peers = (0..<20).map { _ in ClientPeer().write("HTTP/1.1 400 Bad Request\0") }
    let run = try ClientRun(["pillars"], peers)
    #expect(run.code == .fault)
    #expect(run.message.contains("not plannerd"))
  }

  @Test func `looks for the socket where it is named and nowhere else`() {
    let environment = ["PLANNERD_SOCKET": "/env", "XDG_RUNTIME_DIR": "/run/user/1"]
    let named = SocketSearch(named: "/named", environment: { environment[$0] })
    #expect(named.path(exists: { _ in false }) == "/named")
    let variable = SocketSearch(named: nil, environment: { environment[$0] })
    #expect(variable.path(exists: { _ in false }) == "/env")
    let searched = SocketSearch(
      named: nil, environment: { $0 == "XDG_RUNTIME_DIR" ? "/run/user/1" : nil })
    #expect(
      searched.places.map(\.path) == [
        "/run/user/1/plannerd/plannerd.sock", "/run/plannerd/plannerd.sock",
      ])
    #expect(
      searched.path(exists: { $0.hasPrefix("/run/plannerd") }) == "/run/plannerd/plannerd.sock")
  }
}
