internal import EventLoop
internal import JSON

/// `org.varlink.service`: who serves what.
@EventLoop
final class ServiceInterface: VarlinkInterface {
  let definition: InterfaceDefinition
  /// The definitions of all interfaces that the server has, in the order of their registration.
  var served: [InterfaceDefinition] = [] {
    didSet { info = makeInfo() }
  }
  private var info: [UInt8] = []
  private let identity: ServiceIdentity

  init(_ identity: ServiceIdentity) {
    self.identity = identity
    do {
      definition = try InterfaceDefinition(Self.text)
    } catch {
      preconditionFailure("org.varlink.service: \(error)")
    }
  }

  func handleAtOnce(_ call: Call) -> Bool {
    switch call.method {
    case "GetInfo": call.reply(parametersJSON: info)
    case "GetInterfaceDescription": describe(call)
    default: return false
    }
    return true
  }

  func handle(_ call: Call) async {}

  private func makeInfo() -> [UInt8] {
    let info: JSON = [
      "vendor": .string(identity.vendor),
      "product": .string(identity.product),
      "version": .string(identity.version),
      "url": .string(identity.url),
      "interfaces": .array(served.map { .string($0.name) }),
    ]
    return info.bytes
  }

  private func describe(_ call: Call) {
    let name = call.parameters["interface"]?.string ?? ""
    guard let interface = served.first(where: { $0.name == name }) else {
      return call.fail(ServiceError.interfaceNotFound, ["interface": .string(name)])
    }
    call.reply(["description": .string(interface.text)])
  }

  private static let text = """
    # The Varlink service interface is provided by every Varlink service. It describes the service and
    # the interfaces it implements.
    interface org.varlink.service

    # Get a list of all the interfaces a service provides and information about the implementation.
    method GetInfo() -> (
      vendor: string,
      product: string,
      version: string,
      url: string,
      interfaces: []string
    )

    # Get the description of an interface that is implemented by this service.
    method GetInterfaceDescription(interface: string) -> (description: string)

    # The requested interface was not found.
    error InterfaceNotFound (interface: string)

    # The requested method was not found.
    error MethodNotFound (method: string)

    # The interface defines the requested method, but the service does not implement it.
    error MethodNotImplemented (method: string)

    # One of the passed parameters is invalid.
    error InvalidParameter (parameter: string)

    # Client is denied access.
    error PermissionDenied ()

    # Method is expected to be called with 'more' set to true, but was not.
    error ExpectedMore ()

    """
}

/// The errors that every Varlink service may answer, by their full names.
package enum ServiceError {
  package static let interfaceNotFound = "org.varlink.service.InterfaceNotFound"
  package static let methodNotFound = "org.varlink.service.MethodNotFound"
  package static let methodNotImplemented = "org.varlink.service.MethodNotImplemented"
  package static let invalidParameter = "org.varlink.service.InvalidParameter"
  package static let permissionDenied = "org.varlink.service.PermissionDenied"
  package static let expectedMore = "org.varlink.service.ExpectedMore"
}
