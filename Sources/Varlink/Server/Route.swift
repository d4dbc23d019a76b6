internal import EventLoop
internal import JSON

/// Where the calls of one method go.
@EventLoop
final class Route {
  let fullName: String
  let method: InterfaceDefinition.Method
  let interface: any VarlinkInterface
  private let definition: InterfaceDefinition
  private let uncheckedTypes: Set<String>

  init(
    _ method: InterfaceDefinition.Method, of definition: InterfaceDefinition,
    _ interface: any VarlinkInterface, unchecked: Set<String>
  ) {
    fullName = "\(definition.name).\(method.name)"
    self.method = method
    self.interface = interface
    self.definition = definition
    uncheckedTypes = unchecked
  }

  var interfaceName: String { definition.name }

  func check(_ parameters: JSONObject) -> InvalidParameter? {
    definition.check(parameters, of: method, skipping: uncheckedTypes)
  }
}
