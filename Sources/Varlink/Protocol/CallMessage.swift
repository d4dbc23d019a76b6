package import JSON

/// A call as it came over the wire.
package struct CallMessage: Sendable, Equatable {
  /// The method's full name, `org.plannerd.planner.Ping`.
  package private(set) var method = ""
  /// Empty where they were absent or null.
  package private(set) var parameters: JSONObject = [:]
  package private(set) var more = false
  package private(set) var oneway = false
  package private(set) var upgrade = false
  /// The path of a parameter that cannot be stored (see `ParsedJSON.unstorable`): the call is to be answered
  /// with `InvalidParameter`.
  package private(set) var unstorable: String?
  /// Bytes of the frame.
  package let size: Int

  /// What is not a call at all: the peer does not speak the protocol, and its connection ends.
  package enum Malformed: Error, Equatable {
    case notJSON(JSONError)
    case notAnObject
    case noMethod
    case methodNotAString
    case flagNotABool(String)
    case contradictingFlags
    case parametersNotAnObject
  }

  /// Reads a frame without its NUL. Unknown members are ignored.
  package init(_ frame: Span<UInt8>) throws(Malformed) {
    size = frame.count
    let parsed: ParsedJSON
    do {
      parsed = try JSON.parse(frame)
    } catch {
      throw .notJSON(error)
    }
    guard case .object(let message) = parsed.value else { throw .notAnObject }
    var hasMethod = false
    for member in message.members {
      switch member.name {
      case "method":
        guard case .string(let name) = member.value else { throw .methodNotAString }
        method = name
        hasMethod = true
      case "parameters": parameters = try Self.parameters(member.value)
      case "more": more = try Self.flag(member)
      case "oneway": oneway = try Self.flag(member)
      case "upgrade": upgrade = try Self.flag(member)
      default: break
      }
    }
    guard hasMethod else { throw .noMethod }
    guard !(more && oneway || more && upgrade || oneway && upgrade) else {
      throw .contradictingFlags
    }
    if let path = parsed.unstorable { unstorable = Self.withoutPrefix(path) }
  }

  private static func flag(_ member: JSONObject.Member) throws(Malformed) -> Bool {
    switch member.value {
    case .bool(let value): return value
    case .null: return false
    default: throw .flagNotABool(member.name)
    }
  }

  private static func parameters(_ value: JSON) throws(Malformed) -> JSONObject {
    switch value {
    case .object(let object): return object
    case .null: return [:]
    default: throw .parametersNotAnObject
    }
  }

  private static func withoutPrefix(_ path: String) -> String {
    let prefix = "parameters."
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
  }
}
