import EventLoop
import JSON
import Testing
import Varlink

/// What every client may rely on.
@EventLoop
struct ServerTests {
  @Test func `says who it is and what it serves`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call("org.varlink.service.GetInfo")
      let info = await peer.reply()
      #expect(info?["parameters"]?["product"] == "echo")
      #expect(info?["parameters"]?["interfaces"] == ["org.varlink.service", "test.echo"])
      for name in ["org.varlink.service", "test.echo"] {
        await peer.call("org.varlink.service.GetInterfaceDescription", ["interface": .string(name)])
        let text = await peer.reply()?["parameters"]?["description"]?.string
        #expect(try InterfaceDefinition(text ?? "").name == name)
      }
      await peer.call("org.varlink.service.GetInterfaceDescription", ["interface": "no.such"])
      #expect(await peer.reply()?["error"] == "org.varlink.service.InterfaceNotFound")
      peer.close()
    }
  }

  @Test func `replies leave in the order of their calls though later ones end first`() async throws
  {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call("test.echo.Wait", ["text": "1"])
      await peer.call("test.echo.EchoLater", ["text": "2"])
      await peer.call("test.echo.Echo", ["text": "3"])
      await peer.call("test.echo.Fail")
      let other = try test.peer()
      await other.call("test.echo.Echo", ["text": "meanwhile"])
      #expect(await other.reply()?["parameters"] == ["text": "meanwhile"])
      test.echo.gate.fire()
      for text in ["1", "2", "3"] {
        #expect(await peer.reply() == ["parameters": ["text": .string(text)]])
      }
      #expect(
        await peer.reply() == ["error": "test.echo.Refused", "parameters": ["why": "because"]])
      peer.close()
      other.close()
    }
  }

  @Test func `calls start in the order in which they came whatever way they are answered`()
    async throws
  {
    try await withServer { test in
      let peer = try test.peer()
      let texts = (0..<500).map(String.init)
      let methods = ["Echo", "EchoLater"]
      let messages = texts.enumerated().map { index, text -> JSON in
        [
          "method": .string("test.echo." + methods[index % 2]),
          "parameters": ["text": .string(text)],
        ]
      }
      await peer.send(messages.flatMap { $0.bytes + [0] })
      for text in texts { #expect(await peer.reply()?["parameters"]?["text"] == .string(text)) }
      #expect(test.echo.started == texts)
      peer.close()
    }
  }

  @Test func `replies that are ready together leave in one write`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      let message: JSON = ["method": "test.echo.Echo", "parameters": ["text": "x"]]
      await peer.send((0..<200).flatMap { _ in message.bytes + [0] })
      for _ in 0..<200 { #expect(await peer.reply() != nil) }
      #expect(peer.reads.count <= 2)
      peer.close()
    }
  }

  @Test func `a oneway call is carried out and not answered`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      for method in ["Echo", "EchoLater", "Fail", "Nothing", "NoSuch"] {
        await peer.call([
          "method": .string("test.echo.\(method)"), "oneway": true,
          "parameters": method.hasPrefix("Echo") ? ["text": .string(method)] : [:],
        ])
      }
      await peer.call("test.echo.Echo", ["text": "answered"])
      #expect(await peer.reply() == ["parameters": ["text": "answered"]])
      #expect(test.echo.started == ["Echo", "EchoLater", "", "", "answered"])
      peer.close()
    }
  }

  @Test func `a oneway call of a client that leaves at once is carried out`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call(["method": "test.echo.Echo", "oneway": true, "parameters": ["text": "last"]])
      peer.close()
      let other = try test.peer()
      await other.call("test.echo.Echo", ["text": "after"])
      _ = await other.reply()
      #expect(test.echo.started == ["last", "after"])
      other.close()
    }
  }

  @Test func `a stream holds back the replies of later calls until its end`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call([
        "method": "test.echo.Stream", "more": true, "parameters": ["count": 3, "bytes": 1],
      ])
      await peer.call("test.echo.Echo", ["text": "after"])
      for number in 1...2 {
        let reply = await peer.reply()
        #expect(reply?["continues"] == true)
        #expect(reply?["parameters"]?["number"] == .int(number))
      }
      #expect(await peer.reply() == ["parameters": ["number": 3, "padding": "x"]])
      #expect(await peer.reply() == ["parameters": ["text": "after"]])
      peer.close()
    }
  }

  @Test func `a reply that is already text goes out as it is`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call("test.echo.Raw")
      let frame = await peer.frame() ?? []
      #expect(String(decoding: frame, as: UTF8.self) == #"{"parameters":{"rows":[1, 2]}}"#)
      peer.close()
    }
  }

  @Test(arguments: [
    (#"{"items":[{"name":"a","level":"low"},{"name":"b","level":"mid"}]}"#, "items[1].level"),
    (#"{"items":[],"labels":{"a":1,"b":"2"}}"#, "labels.b"),
    (#"{"items":[{"level":"low"}]}"#, "items[0].name"),
    (#"{"items":[],"surplus":1}"#, "surplus"),
    (#"{"items":[{"name":"a\u0000","level":"low"}]}"#, "items[0].name"),
    ("{}", "items"),
  ])
  func `an invalid parameter is named by its path`(parameters: String, path: String) async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.send(
        Array(#"{"method":"test.echo.Items","parameters":\#(parameters)}"#.utf8) + [0])
      #expect(
        await peer.reply() == [
          "error": "org.varlink.service.InvalidParameter",
          "parameters": ["parameter": .string(path)],
        ])
      #expect(test.echo.started.isEmpty)
      peer.close()
    }
  }

  @Test(arguments: [
    ("test.echo.NoSuch", "MethodNotFound", "method", "test.echo.NoSuch"),
    ("test.nobody.Echo", "InterfaceNotFound", "interface", "test.nobody"),
    ("Echo", "InvalidParameter", "parameter", "method"),
    ("", "InvalidParameter", "parameter", "method"),
    ("test.echo.", "MethodNotFound", "method", "test.echo."),
    // Nothing answers: a server must.
    ("test.echo.Nothing", "MethodNotImplemented", "method", "test.echo.Nothing"),
    // The Kelvin sign is canonically equivalent to K, and another string all the same.
    ("test.echo.\u{212A}", "MethodNotFound", "method", "test.echo.\u{212A}"),
  ])
  func `a method that is not there is told apart`(
    method: String, error: String, name: String, value: String
  ) async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call(method)
      #expect(
        await peer.reply() == [
          "error": .string("org.varlink.service.\(error)"),
          "parameters": .object([name: .string(value)]),
        ])
      peer.close()
    }
  }

  @Test func `an upgrade is not implemented`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.call(["method": "test.echo.Echo", "upgrade": true, "parameters": ["text": "a"]])
      #expect(await peer.reply()?["error"] == "org.varlink.service.MethodNotImplemented")
      peer.close()
    }
  }

  @Test(arguments: [
    "", #","more":false"#, #","parameters":{}"#, #","parameters":null,"more":null"#,
  ])
  func `no parameters, empty ones and null are the same`(rest: String) async throws {
    try await withServer { test in
      let peer = try test.peer()
      await peer.send(Array(#"{"method":"test.echo.Raw"\#(rest)}"#.utf8) + [0])
      #expect(await peer.reply() == ["parameters": ["rows": [1, 2]]])
      peer.close()
    }
  }

  @Test func `an interface that is registered again serves its new definition`() async throws {
    try await withServer { test in
      let peer = try test.peer()
      test.server.register(
        try EchoInterface("interface test.echo\nmethod Raw() -> (rows: []int)\n"))
      await peer.call("test.echo.Echo", ["text": "gone"])
      #expect(await peer.reply()?["error"] == "org.varlink.service.MethodNotFound")
      await peer.call("test.echo.Raw")
      #expect(await peer.reply() == ["parameters": ["rows": [1, 2]]])
      await peer.call("org.varlink.service.GetInfo")
      let interfaces = await peer.reply()?["parameters"]?["interfaces"]
      #expect(interfaces == ["org.varlink.service", "test.echo"])
      peer.close()
    }
  }
}
