package import JSON

/// A Varlink interface definition: its text as clients introspect it, and what the text says.
package struct InterfaceDefinition: Sendable {
  /// A method: the fields of its parameters and of its reply.
  package struct Method: Sendable, Equatable {
    package let name: String
    package let input: [VarlinkType.Field]
    package let output: [VarlinkType.Field]
  }

  /// The interface's name, `org.plannerd.planner`.
  package let name: String
  /// The text that it was read from.
  package let text: String
  /// By their names without the interface's.
  package let methods: [String: Method]
  package let types: [String: VarlinkType]
  package let errors: [String: [VarlinkType.Field]]

  /// Reads a definition. Types that are used and not defined are errors, as are names defined twice.
  package init(_ text: String) throws(InterfaceSyntaxError) {
    var parser = InterfaceParser(text)
    try parser.parse()
    self.text = text
    name = parser.name
    methods = parser.methods
    types = parser.types
    errors = parser.errors
  }

  /// The first parameter that is not of the type which the method's input gives it, or nil where all are.
  ///
  /// An unknown member, a missing one that is not nullable and one of the wrong type are told by their
  /// path, `commands[0].createTask.priority`. Null and absent are the same. Values of the types named in
  /// `skipping` need only be objects.
  package func check(
    _ parameters: JSON, of method: String, skipping: Set<String> = []
  ) -> InvalidParameter? {
    guard let method = methods[method] else {
      preconditionFailure("\(name) has no method \(method)")
    }
    switch parameters {
    case .null: return check([:], of: method, skipping: skipping)
    case .object(let object): return check(object, of: method, skipping: skipping)
    default: return InvalidParameter(path: "parameters")
    }
  }

  func check(
    _ parameters: JSONObject, of method: Method, skipping: Set<String>
  ) -> InvalidParameter? {
    ParameterCheck(types: types, skipping: skipping).path(parameters, method.input)
      .map(InvalidParameter.init)
  }
}

/// A parameter of a call that does not have the type which the interface's definition gives it.
package struct InvalidParameter: Error, Equatable, Sendable {
  /// Where it is: `commands[0].createTask.priority`.
  package let path: String

  package init(path: String) {
    self.path = path
  }
}

/// Why a text is not an interface definition.
package struct InterfaceSyntaxError: Error, Equatable, CustomStringConvertible {
  /// Counted from 1.
  package let line: Int
  package let message: String

  package init(line: Int, message: String) {
    self.line = line
    self.message = message
  }

  package var description: String { "line \(line): \(message)" }
}
