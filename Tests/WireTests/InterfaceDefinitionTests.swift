import JSON
import Testing
import Varlink

struct InterfaceDefinitionTests {
  @Test func `reads every kind of member and type`() throws {
    let definition = try InterfaceDefinition(
      """
      # Comments and blank lines
      # come anywhere.
      interface org.example-1.sub.x

      type Level (low, mid_dle, high) # at the end of a line, too
      type Node (name: string, next: ?Node, children: []Node, level: Level)
      type Empty ()
      method Do(
        a: bool, b: int,
        c: float, d: ?string,
        e: []?[string](x: int, y: (one, two)),
        f: object, g: [string]()
      ) -> (node: ?Node)
      method Nothing() -> ()
      error Failed (why: string)
      """)
    #expect(definition.name == "org.example-1.sub.x")
    #expect(definition.methods.keys.sorted() == ["Do", "Nothing"])
    #expect(definition.types["Level"] == .enumeration(["low", "mid_dle", "high"]))
    #expect(definition.types["Empty"] == .structure([]))
    #expect(
      definition.types["Node"]
        == .structure([
          .init(name: "name", type: .string), .init(name: "next", type: .nullable(.named("Node"))),
          .init(name: "children", type: .array(.named("Node"))),
          .init(name: "level", type: .named("Level")),
        ]))
    let input = definition.methods["Do"]?.input ?? []
    #expect(input.map(\.name) == ["a", "b", "c", "d", "e", "f", "g"])
    #expect(
      input[4].type
        == .array(
          .nullable(
            .map(
              .structure([
                .init(name: "x", type: .int), .init(name: "y", type: .enumeration(["one", "two"])),
              ])))))
    #expect(input[6].type == .map(.structure([])))
    #expect(
      definition.methods["Do"]?.output == [.init(name: "node", type: .nullable(.named("Node")))])
    #expect(definition.errors == ["Failed": [.init(name: "why", type: .string)]])
  }

  @Test(arguments: [
    ("", 1, "expected 'interface'"),
    ("interface org", 1, "expected an interface's name"),
    ("interface .org.x", 1, "expected an interface's name"),
    ("interface org.x-", 1, "expected an interface's name"),
    ("interface 1org.x", 1, "expected an interface's name"),
    ("interface org..x", 1, "expected an interface's name"),
    (
      "interface a.b\n\nmethod ping() -> ()", 3, "expected a name that starts with a capital letter"
    ),
    ("interface a.b\nmethod Ping()", 2, "expected '->'"),
    ("interface a.b\nmethod Ping -> ()", 2, "expected '('"),
    ("interface a.b\nmethod Ping(a) -> ()", 2, "expected fields with types"),
    ("interface a.b\nmethod Ping(a: int b: int) -> ()", 2, "expected ',' or ')'"),
    ("interface a.b\nmethod Ping(a: int,) -> ()", 2, "expected a field's name"),
    ("interface a.b\nmethod Ping(a: any) -> ()", 2, "expected a type"),
    ("interface a.b\nmethod Ping(a: ??int) -> ()", 2, "'??'"),
    ("interface a.b\nmethod Ping(a: [int]int) -> ()", 2, "expected '[]' or '[string]'"),
    ("interface a.b\nmethod Ping(\na: Missing) -> ()", 3, "the type 'Missing' is not defined"),
    ("interface a.b\nmethod Ping(a: int, a: int) -> ()", 2, "'a' occurs twice"),
    ("interface a.b\nmethod Ping(_a: int) -> ()", 2, "expected a field's name"),
    ("interface a.b\nmethod Ping(a__b: int) -> ()", 2, "expected a field's name"),
    ("interface a.b\nmethod Ping(a_: int) -> ()", 2, "expected a field's name"),
    ("interface a.b\ntype A (a: int)\nerror A ()", 3, "'A' is defined twice"),
    ("interface a.b\ntype A []int", 2, "expected '('"),
    ("interface a.b\ntype A (a, b: int)", 2, "expected ',' or ')'"),
    ("interface a.b\ntype A (a: int, b)", 2, "expected ':'"),
    ("interface a.b\nfunction A ()", 2, "expected 'type', 'method' or 'error'"),
    ("interface a.b\ntype A (a: int) é", 2, "expected 'type', 'method' or 'error'"),
  ])
  func `says where a text is no definition and why`(text: String, line: Int, message: String) {
    #expect(throws: InterfaceSyntaxError(line: line, message: message)) {
      try InterfaceDefinition(text)
    }
  }

  @Test func `types nested without end are refused`() {
    let nested = String(repeating: "[]", count: 100_000) + "int"
    #expect(throws: InterfaceSyntaxError.self) {
      try InterfaceDefinition("interface a.b\nmethod A(a: \(nested)) -> ()")
    }
  }
}

struct ParameterCheckTests {
  private let definition: InterfaceDefinition

  init() throws {
    definition = try InterfaceDefinition(
      """
      interface test.check
      type Level (low, high)
      type Task (title: string, priority: ?int, level: ?Level, parts: ?[]Task)
      type Command (createTask: ?Task, removeTask: ?(id: string))
      method Submit(commands: []Command, atomic: ?bool) -> ()
      method All(
        b: ?bool, i: ?int, f: ?float, s: ?string, o: ?object, m: ?[string]int, e: ?(), n: ?[]?int
      ) -> ()
      method None() -> ()
      """)
  }

  @Test(arguments: [
    (#"{"commands":[]}"#, nil),
    (#"{"commands":[],"atomic":null}"#, nil),
    (#"{"commands":[{"createTask":{"title":"x","level":"low","parts":[]}},{}]}"#, nil),
    (#"{"commands":[{"createTask":{"title":"x","parts":[{"title":"y","priority":null}]}}]}"#, nil),
    (#"{}"#, "commands"),
    (#"{"commands":null}"#, "commands"),
    (#"{"commands":{}}"#, "commands"),
    (#"{"commands":[null]}"#, "commands[0]"),
    (#"{"commands":[{},"x"]}"#, "commands[1]"),
    (#"{"commands":[{"createTask":{}}]}"#, "commands[0].createTask.title"),
    (
      #"{"commands":[{"createTask":{"title":"x","priority":"1"}}]}"#,
      "commands[0].createTask.priority"
    ),
    (
      #"{"commands":[{"createTask":{"title":"x","priority":1.0}}]}"#,
      "commands[0].createTask.priority"
    ),
    (#"{"commands":[{"createTask":{"title":"x","colour":1}}]}"#, "commands[0].createTask.colour"),
    (#"{"commands":[{"createTask":{"title":"x","level":"Low"}}]}"#, "commands[0].createTask.level"),
    (#"{"commands":[{"createTask":{"title":"x","level":1}}]}"#, "commands[0].createTask.level"),
    (
      #"{"commands":[{},{"createTask":{"title":"x","parts":[{"title":"y"},{"title":2}]}}]}"#,
      "commands[1].createTask.parts[1].title"
    ),
    (#"{"commands":[{"removeTask":{"id":1}}]}"#, "commands[0].removeTask.id"),
    (#"{"commands":[],"atomic":0}"#, "atomic"),
    (#"{"commands":[],"Atomic":true}"#, "Atomic"),
    ("null", "commands"), ("[]", "parameters"), ("1", "parameters"),
  ])
  func `names the first parameter that is not of its type`(text: String, path: String?) throws {
    let invalid = definition.check(try JSON.parse(text), of: "Submit")
    #expect(invalid == path.map { InvalidParameter(path: $0) })
  }

  @Test(arguments: [
    (#"{"b":true,"i":-1,"f":1.5,"s":"","o":{"x":[]},"m":{"a":1},"e":{},"n":[1,null]}"#, nil),
    (#"{"f":1}"#, nil), ("{}", nil), ("null", nil),
    (#"{"b":1}"#, "b"), (#"{"i":true}"#, "i"), (#"{"f":"1"}"#, "f"), (#"{"s":1}"#, "s"),
    (#"{"o":[]}"#, "o"), (#"{"m":{"a":1,"b":null}}"#, "m.b"), (#"{"m":[]}"#, "m"),
    (#"{"e":{"x":1}}"#, "e.x"), (#"{"n":[null,"x"]}"#, "n[1]"),
    (#"{"i":9223372036854775808}"#, "i"),
  ])
  func `holds each type to its values`(text: String, path: String?) throws {
    let invalid = definition.check(try JSON.parse(text), of: "All")
    #expect(invalid == path.map { InvalidParameter(path: $0) })
  }

  @Test func `a method without parameters takes none`() {
    #expect(definition.check([:], of: "None") == nil)
    #expect(definition.check(nil, of: "None") == nil)
    #expect(definition.check(["a": nil], of: "None") == InvalidParameter(path: "a"))
  }

  @Test func `values of a skipped type may be anything`() {
    let wild: JSON = ["commands": [["x": 1], ["createTask": 1], 1, nil, "x"]]
    #expect(definition.check(wild, of: "Submit", skipping: ["Command"]) == nil)
    #expect(
      definition.check(["commands": [], "x": 1], of: "Submit", skipping: ["Command"])
        == InvalidParameter(path: "x"))
  }

  @Test func `names compare by their bytes`() {
    // The Kelvin sign is canonically equivalent to K, é has two forms.
    #expect(definition.check(["\u{212A}": 1], of: "None") == InvalidParameter(path: "\u{212A}"))
    let accented: JSON = ["commands": [["createTask": ["title": "x", "level": "lo\u{77}"]]]]
    #expect(definition.check(accented, of: "Submit") == nil)
  }
}
