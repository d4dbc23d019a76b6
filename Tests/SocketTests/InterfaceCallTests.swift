import EventLoop
import JSON
import TestSupport
import Testing

/// What clients send for the same thing, and what they get for something else.
@Suite(.daemon()) struct InterfaceCallTests {
  @Test(arguments: [
    #"{"method":"org.plannerd.planner.Ping"}"#,
    #"{"method":"org.plannerd.planner.Ping","parameters":{}}"#,
    #"{"method":"org.plannerd.planner.Ping","parameters":null}"#,
    #"{"method":"org.plannerd.planner.Ping","more":false}"#,
    #"{"method":"org.plannerd.planner.Ping","more":null,"oneway":null,"upgrade":null}"#,
    #"{"method":"org.plannerd.planner.Ping","more":false,"oneway":false,"upgrade":false}"#,
    #"{"method":"org.plannerd.planner.Ping","more":true}"#,
    #"{"more":true,"oneway":false,"parameters":{},"method":"org.plannerd.planner.Ping"}"#,
    #" { "method" : "org.plannerd.planner.Ping" , "extension" : [ 1 , { } ] } "#,
    #"{"method":"org.plannerd.planner.\u0050ing"}"#,
  ])
  @EventLoop func `these are the same call`(frame: String) async throws {
    let client = try SharedDaemon.current.client()
    #expect(await client.exchange(frame) == .pong)
  }

  @Test(arguments: [
    #"{}"#, #"null"#, #"{"planner":null}"#, #"{"planner":null,"atLeast":null}"#,
  ])
  @EventLoop func `an absent parameter and a null one are the same`(parameters: String) async throws
  {
    let client = try SharedDaemon.current.client()
    // The row of a pillar of its own: other tests change the rest.
    let name = "Absent, null: \(parameters)"
    let answer = try await client.submit([SampleCommand.createPillar(name)])
    let rows = try await client.rows("PillarAverages", atLeast: answer.position)
    let row = try #require(rows.first { $0["name"] == .string(name) })
    let method = #""method":"org.plannerd.views.PillarAverages""#
    for call in [#"{\#(method)}"#, #"{\#(method),"parameters":\#(parameters)}"#] {
      client.send(bytes: Array(call.utf8) + [0])
      #expect(try await client.reply()["rows"]?.array?.contains(row) == true)
    }
  }

  @Test(arguments: [
    ("Ping", #"{"colour":1}"#, "colour"),
    ("Ping", #"{"colour":null}"#, "colour"),
    ("Submit", #"{"commands":[],"commandos":[]}"#, "commandos"),
    ("Submit", #"{}"#, "commands"),
    ("Submit", #"{"commands":null}"#, "commands"),
    ("Submit", #"{"commands":{}}"#, "commands"),
    ("Submit", #"{"commands":1}"#, "commands"),
    ("Submit", #"{"commands":[],"atomic":1}"#, "atomic"),
    ("Submit", #"{"commands":[],"dryRun":"yes"}"#, "dryRun"),
    ("Audit", #"{"limit":1.5}"#, "limit"),
    ("Audit", #"{"limit":"1"}"#, "limit"),
    ("Audit", #"{"planner":17}"#, "planner"),
    ("Subscribe", #"{"after":9223372036854775808}"#, "after"),
  ])
  @EventLoop func `a parameter that is not the method's, or of another type, is named`(
    method: String, parameters: String, path: String
  ) async throws {
    let client = try SharedDaemon.current.client()
    let name = "org.plannerd.planner.\(method)"
    #expect(
      await client.exchange(#"{"method":"\#(name)","parameters":\#(parameters)}"#)
        == .invalidParameter(path))
    #expect(await client.ping() == .pong)
  }

  @Test(arguments: [
    ("org.plannerd.planner.Absent", "MethodNotFound", "method", "org.plannerd.planner.Absent"),
    ("org.plannerd.planner.ping", "MethodNotFound", "method", "org.plannerd.planner.ping"),
    ("org.plannerd.planner.", "MethodNotFound", "method", "org.plannerd.planner."),
    ("org.plannerd.absent.Ping", "InterfaceNotFound", "interface", "org.plannerd.absent"),
    ("Ping", "InvalidParameter", "parameter", "method"),
    ("", "InvalidParameter", "parameter", "method"),
  ])
  @EventLoop func `a method that is not there is told, and the connection goes on`(
    method: String, error: String, parameter: String, value: String
  ) async throws {
    let client = try SharedDaemon.current.client()
    let answer = await client.exchange(["method": .string(method)])
    var parameters = JSONObject()
    parameters[parameter] = .string(value)
    #expect(answer == .error("org.varlink.service.\(error)", .object(parameters)))
    #expect(await client.ping() == .pong)
  }

  @Test @EventLoop func `no method upgrades the connection`() async throws {
    let client = try SharedDaemon.current.client()
    #expect(
      await client.exchange(#"{"method":"org.plannerd.planner.Ping","upgrade":true}"#)
        == .error(
          "org.varlink.service.MethodNotImplemented", ["method": "org.plannerd.planner.Ping"]))
    #expect(await client.ping() == .pong)
  }

  @Test @EventLoop func `following needs more`() async throws {
    let client = try SharedDaemon.current.client()
    #expect(
      await client.exchange(#"{"method":"org.plannerd.planner.Subscribe"}"#)
        == .error("org.varlink.service.ExpectedMore"))
    #expect(await client.ping() == .pong)
  }

  /// An error has no `continues`, and what comes after it is the next call's.
  @Test(arguments: [
    (
      #"{"method":"org.plannerd.planner.Subscribe","more":true,"parameters":{"after":-1}}"#,
      "org.plannerd.planner.InvalidInput"
    ),
    (
      #"{"method":"org.plannerd.planner.Subscribe","more":true,"parameters":{"planner":"x"}}"#,
      "org.plannerd.planner.PlannerNotFound"
    ),
    (
      #"{"method":"org.plannerd.control.Watch","more":true,"parameters":{"jobId":0}}"#,
      "org.plannerd.control.NoSuchJob"
    ),
    (
      #"{"method":"org.plannerd.control.Watch","more":true,"parameters":{"jobs":0}}"#,
      "org.varlink.service.InvalidParameter"
    ),
  ])
  @EventLoop func `an error ends a stream`(frame: String, error: String) async throws {
    let client = try SharedDaemon.current.client()
    guard case .reply(let reply) = await client.exchange(frame) else {
      Issue.record("the connection was ended")
      return
    }
    #expect(reply["error"]?.string == error)
    #expect(reply["continues"] == nil)
    #expect(await client.ping() == .pong)
  }

  @Test @EventLoop func `a stream ends with a reply that does not continue`() async throws {
    let client = try SharedDaemon.current.client()
    let job = try await client.call(
      "org.plannerd.control.Rebuild", ["projection": "pillar_averages"])
    client.send([
      "method": "org.plannerd.control.Watch", "parameters": ["jobId": job["jobId"]!], "more": true,
    ])
    var last = try await client.message()
    while last["continues"] == true { last = try await client.message() }
    #expect(last["continues"] == nil)
    #expect(last["parameters"]?["job"]?["state"] == "done")
    #expect(await client.ping() == .pong)
  }

  @Test @EventLoop func `a oneway command is carried out and not answered`() async throws {
    let client = try SharedDaemon.current.client()
    let command = SampleCommand.createPillar("Oneway")
    client.send([
      "method": "org.plannerd.planner.Submit", "parameters": ["commands": [command]],
      "oneway": true,
    ])
    #expect(await client.ping() == .pong)
    // Sent again it is a duplicate: the first was appended, by then or before this one.
    let again = try await client.submit([command])
    #expect(again.outcomes[0]["result"] == "duplicate")
    let pillars = try await client.call(
      "org.plannerd.views.PillarAverages", ["atLeast": .int(again.position)])
    #expect(pillars["rows"]?.array?.contains { $0["name"] == "Oneway" } == true)
  }

  @Test(arguments: [
    #"{"method":"org.plannerd.planner.Absent","oneway":true}"#,
    #"{"method":"org.plannerd.planner.Ping","parameters":{"colour":1},"oneway":true}"#,
    #"{"method":"org.plannerd.planner.Subscribe","oneway":true}"#,
    #"{"method":"org.plannerd.views.Tasks","oneway":true}"#,
  ])
  @EventLoop func `a oneway call is never answered, not even with an error`(frame: String)
    async throws
  {
    let client = try SharedDaemon.current.client()
    client.send(bytes: Array(frame.utf8) + [0])
    #expect(await client.ping() == .pong)
    #expect(await client.ping() == .pong)
  }

  @Test @EventLoop func `a oneway call of one who has left is carried out`() async throws {
    let daemon = SharedDaemon.current
    let command = SampleCommand.createPillar("Left")
    let follower = try daemon.client()
    follower.send(["method": "org.plannerd.planner.Subscribe", "more": true])
    _ = try await follower.message()
    let leaving = try daemon.client()
    leaving.send([
      "method": "org.plannerd.planner.Submit", "parameters": ["commands": [command]],
      "oneway": true,
    ])
    leaving.close()
    var seen = false
    while !seen {
      let events = try await follower.message()["parameters"]?["events"]?.array ?? []
      seen = events.contains { $0["commandId"] == command["commandId"] }
    }
  }
}
