import EventLoop
import JSON
import TestSupport
import Testing

/// What is no call ends its connection; what cannot be stored is refused by name.
@Suite(.daemon()) struct InterfaceMalformedTests {
  @Test(arguments: [
    "", " ", "x", "{", "}", "{]", "[]", "null", "true", "17", #""method""#, "{}", "{} {}",
    #"{"method":null}"#, #"{"method":7}"#, #"{"method":["org.plannerd.planner.Ping"]}"#,
    #"{"parameters":{}}"#, #"{"Method":"org.plannerd.planner.Ping"}"#,
    #"{"method":"org.plannerd.planner.Ping""#,
    #"{"method":"org.plannerd.planner.Ping"}}"#,
    #"{"method":"org.plannerd.planner.Ping",}"#,
    #"{'method':'org.plannerd.planner.Ping'}"#,
    #"{"method":"org.plannerd.planner.Ping","method":"org.plannerd.planner.Ping"}"#,
    #"{"method":"org.plannerd.planner.Ping","parameters":[]}"#,
    #"{"method":"org.plannerd.planner.Ping","parameters":"{}"}"#,
    #"{"method":"org.plannerd.planner.Ping","more":1}"#,
    #"{"method":"org.plannerd.planner.Ping","oneway":"true"}"#,
    #"{"method":"org.plannerd.planner.Ping","more":true,"oneway":true}"#,
    #"{"method":"org.plannerd.planner.Ping","more":true,"upgrade":true}"#,
    #"{"method":"org.plannerd.planner.Ping","oneway":true,"upgrade":true}"#,
    #"{"method":"org.plannerd.planner.Ping","a":01}"#,
    #"{"method":"org.plannerd.planner.Ping","a":NaN}"#,
    #"{"method":"org.plannerd.planner.Ping","a":"\x"}"#,
    "{\"method\":\"org.plannerd.planner.Ping\",\"a\":\"\u{1}\"}",
    "\u{FEFF}{\"method\":\"org.plannerd.planner.Ping\"}",
  ])
  @EventLoop func `what is no call ends its connection and no other`(frame: String) async throws {
    let daemon = SharedDaemon.current
    let bystander = try daemon.client()
    #expect(await bystander.ping() == .pong)
    let client = try daemon.client()
    #expect(await client.exchange(frame) == .closed)
    #expect(await bystander.ping() == .pong)
  }

  @Test @EventLoop func `bytes that are not UTF-8 end the connection`() async throws {
    let client = try SharedDaemon.current.client()
    let start = Array(#"{"method":"org.plannerd.planner.Ping","a":""#.utf8)
    client.send(bytes: start + [0xC3, 0x28] + Array("\"}".utf8) + [0])
    #expect(await client.answer() == .closed)
  }

  @Test @EventLoop func `calls before the malformed one are answered`() async throws {
    let client = try SharedDaemon.current.client()
    let ping = #"{"method":"org.plannerd.planner.Ping"}"#
    client.send(bytes: Array("\(ping)\0\(ping)\0{\0\(ping)\0".utf8))
    #expect(await client.answer() == .pong)
    #expect(await client.answer() == .pong)
    #expect(await client.answer() == .closed)
  }

  @Test(arguments: [
    (#"{"pillarId":"ID","name":"a\u0000b"}"#, "name"),
    (#"{"pillarId":"ID","name":"\ud800"}"#, "name"),
    (#"{"pillarId":"ID","name":"\udc00\ud800"}"#, "name"),
    (#"{"pillarId":"ID","name":"x\ud83d"}"#, "name"),
    (#"{"pillarId":"ID","name":1e999}"#, "name"),
    (#"{"pillarId":"ID","name":"x","domain":-1e999}"#, "domain"),
    (#"{"pillarId":"ID","name":"x","tags":["a",{"b":"\u0000"}]}"#, "tags[1].b"),
  ])
  @EventLoop func `what cannot be stored is refused by its path, and nothing is written`(
    body: String, field: String
  ) async throws {
    let client = try SharedDaemon.current.client()
    let before = try await client.head()
    let good = SampleCommand.createPillar().text
    let id = SampleCommand.id()
    let bad = body.replacing("ID", with: SampleCommand.id())
    let frame = """
      {"method":"org.plannerd.planner.Submit","parameters":{"commands":[\(good),\
      {"commandId":"\(id)","createPillar":\(bad)}]}}
      """
    #expect(
      await client.exchange(frame) == .invalidParameter("commands[1].createPillar.\(field)"))
    #expect(try await client.head() == before)
  }

  @Test(arguments: [#""\u0000""#, #""\udfff""#, "1e999"])
  @EventLoop func `what cannot be stored is refused by a view as well`(value: String) async throws {
    let client = try SharedDaemon.current.client()
    let method = #""method":"org.plannerd.views.Tasks""#
    #expect(
      await client.exchange(#"{\#(method),"parameters":{"text":\#(value)}}"#)
        == .invalidParameter("text"))
  }

  @Test @EventLoop func `a pair of surrogates is a character`() async throws {
    let client = try SharedDaemon.current.client()
    let method = #""method":"org.plannerd.views.Tasks""#
    let answer = await client.exchange(#"{\#(method),"parameters":{"text":"\ud83d\udef6"}}"#)
    guard case .reply(let reply) = answer else { return #expect(answer != .closed) }
    #expect(reply["parameters"]?["rows"] == [])
  }
}
