import EventLoop
import Files
import JSON
import TestSupport
import Testing
import Varlink

/// Clients that nobody here wrote, against the daemon.
@Suite(.daemon()) struct ForeignClientTests {
  /// Both make the same visit; asyncvarlink also holds each parameter and reply against the introspected types.
  @Test(.serialized, arguments: ["varlink_client.py", "asyncvarlink_client.py"])
  @EventLoop func `calls every method of every interface`(script: String) async throws {
    let daemon = SharedDaemon.current
    let report = try await ForeignProgram.report(script, [daemon.socket])
    #expect(report["problems"]?.strings == [])
    let offered = try await definitions(daemon).flatMap { definition in
      definition.methods.keys.map { "\(definition.name).\($0)" }
    }
    #expect(offered.count >= 23)
    #expect(report["called"]?.strings == offered.sorted())
  }

  @Test(.enabled(if: ForeignClientTests.generatorIsThere, "needs Debian's package varlink-go"))
  @EventLoop func `the Go generator makes a client of every definition`() async throws {
    for definition in try await definitions(SharedDaemon.current) {
      let folder = "\(TestCluster.folder)/go-\(definition.name)"
      try Files.makeFolder(folder)
      try Files.write(definition.text, to: "\(folder)/interface.varlink")
      let run = try await ForeignProgram.run([
        ForeignClientTests.generator, "\(folder)/interface.varlink",
      ])
      #expect(run.status == 0, "\(definition.name): \(run.output)\(run.errors)")
      let generated = definition.name.split(separator: ".").joined() + ".go"
      let source = try Files.read("\(folder)/\(generated)")
      for method in definition.methods.keys {
        #expect(source.contains("func (m \(method)_methods) Call("), "\(definition.name).\(method)")
      }
    }
  }

  @Test(.enabled(if: ForeignClientTests.generatorIsThere, "needs Debian's package varlink-go"))
  @EventLoop func `the Go generator refuses what is no definition`() async throws {
    let folder = "\(TestCluster.folder)/go-refused"
    try Files.makeFolder(folder)
    try Files.write(
      "interface org.example.x\n\nmethod A(b: any) -> ()\n", to: "\(folder)/interface.varlink")
    let run = try await ForeignProgram.run([
      ForeignClientTests.generator, "\(folder)/interface.varlink",
    ])
    #expect(run.status == 1)
  }

  private static let generator = "varlink-go-interface-generator"
  private static let generatorIsThere = Files.exists("/usr/bin/\(generator)")

  /// The definitions of all interfaces, as introspected.
  @EventLoop
  private func definitions(_ daemon: TestDaemon) async throws -> [InterfaceDefinition] {
    let client = try daemon.client()
    defer { client.close() }
    let info = try await client.call("org.varlink.service.GetInfo")
    var definitions: [InterfaceDefinition] = []
    for name in info["interfaces"]?.strings ?? [] {
      definitions.append(try await client.definition(name))
    }
    return definitions
  }
}
