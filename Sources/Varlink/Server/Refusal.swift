internal import JSON

/// Why a call is answered before it reaches an interface.
struct Refusal {
  let error: String
  let parameters: JSON

  static func invalid(_ path: String) -> Refusal {
    Refusal(error: ServiceError.invalidParameter, parameters: ["parameter": .string(path)])
  }

  static func notImplemented(_ method: String) -> Refusal {
    Refusal(error: ServiceError.methodNotImplemented, parameters: ["method": .string(method)])
  }

  static func noMethod(_ method: String) -> Refusal {
    Refusal(error: ServiceError.methodNotFound, parameters: ["method": .string(method)])
  }

  static func noInterface(_ interface: String) -> Refusal {
    Refusal(error: ServiceError.interfaceNotFound, parameters: ["interface": .string(interface)])
  }
}
