import JSON

/// A line of input as a command.
enum CommandLineText {
  /// Why a line is no command.
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  /// What a request may be long, less room for what is around the command.
  static let maxBytes = 1_000_000

  /// Nil for an empty line.
  static func command(_ line: [UInt8]) throws(Problem) -> JSONObject? {
    if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
    guard line.count <= maxBytes else { throw Problem(description: "over \(maxBytes) bytes") }
    let value: JSON
    do {
      value = try JSON.parse(line.span).value
    } catch {
      throw Problem(description: "not JSON: \(error)")
    }
    guard let object = value.object else { throw Problem(description: "not a JSON object") }
    return object
  }
}
