import EventLoop
import JSON
import TestSupport
import Testing

/// The bounds that `Describe` tells, each from both sides.
@Suite(.daemon(["--connections-per-user", "64"])) struct HostileBoundsTests {
  private static let ping = #"{"method":"org.plannerd.planner.Ping"}"#

  @Test @EventLoop func `the bounds are told`() async throws {
    let client = try SharedDaemon.current.client()
    let limits = try await client.call("org.plannerd.planner.Describe")["limits"]
    #expect(
      limits == [
        "requestBytes": 1_048_576, "replyBytes": 8_388_608, "jsonDepth": 64, "connections": 1_024,
        "connectionsPerUid": 64, "callsPerConnection": 64, "commandsPerSubmit": 1_000,
        "frameSeconds": 30, "unreadSeconds": 10, "waitSeconds": 5,
      ])
  }

  @Test @EventLoop func `a request has at most 1 MiB`() async throws {
    let client = try SharedDaemon.current.client()
    let spaces = String(repeating: " ", count: (1 << 20) - HostileBoundsTests.ping.utf8.count)
    #expect(await client.exchange(HostileBoundsTests.ping + spaces) == .pong)
    #expect(await client.exchange(HostileBoundsTests.ping + spaces + " ") == .closed)
  }

  @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
  @EventLoop func `JSON is at most 64 deep`(opening: String, closing: String) async throws {
    let client = try SharedDaemon.current.client()
    func frame(_ depth: Int) -> String {
      let nested =
        String(repeating: opening, count: depth - 1) + "1"
        + String(repeating: closing, count: depth - 1)
      return #"{"method":"org.plannerd.planner.Ping","extension":\#(nested)}"#
    }
    #expect(await client.exchange(frame(64)) == .pong)
    #expect(await client.exchange(frame(65)) == .closed)
  }

  @Test @EventLoop func `a thousand calls at once are answered in their order`() async throws {
    let client = try SharedDaemon.current.client()
    var frames: [UInt8] = []
    for index in 0..<1_000 {
      frames += Array(call(index).utf8) + [0]
    }
    client.send(bytes: frames)
    for index in 0..<1_000 {
      let answer = try await client.message()
      #expect(mark(in: answer) == String(index), "\(answer)")
    }
  }

  /// Calls that take differently long, whose answers hold a number.
  private func call(_ index: Int) -> String {
    switch index % 3 {
    case 0:
      #"{"method":"org.plannerd.planner.Submit","parameters":{"commands":[],"planner":"\#(index)"}}"#
    case 1:
      """
      {"method":"org.plannerd.planner.Submit","parameters":{"commands":\
      [{"commandId":"\(index)"}]}}
      """
    default: #"{"method":"org.example.n\#(index).X"}"#
    }
  }

  private func mark(in answer: JSON) -> String? {
    let parameters = answer["parameters"]
    return parameters?["planner"]?.string ?? parameters?["outcomes"]?[0]?["commandId"]?.string
      ?? parameters?["interface"]?.string.map { String($0.dropFirst("org.example.n".count)) }
  }
}
