package import JSON

/// A reply on its way to the wire.
package enum Reply {
  case success(JSON)
  /// The text of the parameters' object, as it is to go out.
  case rawSuccess([UInt8])
  /// One of several; more follow.
  case partial(JSON)
  case rawPartial([UInt8])
  /// The error's full name, and its parameters.
  case error(String, JSON)

  /// Whether it ends its call.
  package var isFinal: Bool {
    switch self {
    case .partial, .rawPartial: false
    case .success, .rawSuccess, .error: true
    }
  }

  private static let opening = Array(#"{"parameters":"#.utf8)
  private static let end: [UInt8] = [UInt8(ascii: "}"), 0]

  /// Appends the frame of a success whose parameters `body` appends as text. Nothing is appended where that says false.
  @inline(__always)
  static func write(to out: inout [UInt8], parameters body: (inout [UInt8]) -> Bool) -> Bool {
    let start = out.count
    out.append(contentsOf: opening)
    guard body(&out) else {
      out.removeLast(out.count - start)
      return false
    }
    out.append(contentsOf: end)
    return true
  }

  /// Appends the frame, with its NUL.
  package func write(to out: inout [UInt8]) {
    switch self {
    case .success(let parameters):
      out.append(contentsOf: #"{"parameters":"#.utf8)
      parameters.write(to: &out)
    case .rawSuccess(let parameters):
      out.append(contentsOf: #"{"parameters":"#.utf8)
      out.append(contentsOf: parameters)
    case .partial(let parameters):
      out.append(contentsOf: #"{"continues":true,"parameters":"#.utf8)
      parameters.write(to: &out)
    case .rawPartial(let parameters):
      out.append(contentsOf: #"{"continues":true,"parameters":"#.utf8)
      out.append(contentsOf: parameters)
    case .error(let name, let parameters):
      out.append(contentsOf: #"{"error":"#.utf8)
      JSON.write(name, to: &out)
      out.append(contentsOf: #","parameters":"#.utf8)
      parameters.write(to: &out)
    }
    out.append(UInt8(ascii: "}"))
    out.append(0)
  }
}
