import EventLoop
import Files
import JSON
import TestSupport
import Testing
import Varlink

/// The definitions that clients introspect.
@Suite(.daemon()) struct InterfaceDefinitionTests {
  @Test @EventLoop func `the views' definition in the tree is what the daemon derives`()
    async throws
  {
    let client = try SharedDaemon.current.client()
    let derived = try await description("org.plannerd.views", client)
    let kept = try Files.read("\(TestCluster.checkout)/projections/org.plannerd.views.varlink")
    #expect(
      kept == derived,
      """
      projections/org.plannerd.views.varlink is not what the query files say now. To renew it: \
      planner call org.varlink.service.GetInterfaceDescription \
      '{"interface": "org.plannerd.views"}' | python3 -c \
      'import json, sys; print(json.load(sys.stdin)["description"], end="")' \
      > projections/org.plannerd.views.varlink
      """)
  }

  @Test(arguments: [
    "org.varlink.service", "org.plannerd.planner", "org.plannerd.views", "org.plannerd.control",
  ])
  @EventLoop func `has nothing that a foreign parser refuses`(interface: String) async throws {
    let client = try SharedDaemon.current.client()
    let definition = try await client.definition(interface)
    let code = definition.text.split(separator: "\n").map { line in
      line.prefix { $0 != "#" }.filter { $0 != " " }
    }.joined()
    #expect(!code.contains(":any") && !code.contains("?any") && !code.contains("]any"))
    #expect(!code.contains("[string]()"))
    #expect(!code.contains("[string][]"))
    #expect(interface == interface.lowercased())
  }

  /// Such a name cannot be given by keyword in Python, as generated methods take them.
  @Test(arguments: ["org.plannerd.planner", "org.plannerd.views", "org.plannerd.control"])
  @EventLoop func `no parameter is called like a keyword of Python`(interface: String) async throws
  {
    let client = try SharedDaemon.current.client()
    let definition = try await client.definition(interface)
    for method in definition.methods.values {
      for field in method.input {
        #expect(!InterfaceDefinitionTests.keywords.contains(field.name), "\(method.name)")
      }
    }
  }

  @Test @EventLoop func `an interface that is not there is told`() async throws {
    let client = try SharedDaemon.current.client()
    await #expect(
      throws: TestClientError.reply(
        "org.varlink.service.InterfaceNotFound", ["interface": "org.plannerd.absent"])
    ) {
      _ = try await description("org.plannerd.absent", client)
    }
  }

  private static let keywords: Set<String> = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "self", "try",
    "while", "with", "yield",
  ]

  @EventLoop
  private func description(_ interface: String, _ client: TestClient) async throws(TestClientError)
    -> String
  {
    let reply = try await client.call(
      "org.varlink.service.GetInterfaceDescription", ["interface": .string(interface)])
    return reply["description"]?.string ?? ""
  }
}
