import JSON
import Scalars

/// What is wrong with a test file, and where: a line, or a field of its JSON.
struct ExampleError: Error, CustomStringConvertible {
  let file: String
  var line: Int?
  var field: String?
  let message: String

  init(_ file: String, line: Int? = nil, field: String? = nil, _ message: String) {
    self.file = file
    self.line = line
    self.field = field
    self.message = message
  }

  var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return "\(place): \(field.map { "\($0): " } ?? "")\(message)"
  }
}

/// A test of a folder: events that are given, and rows that its methods must answer.
struct ProjectionExample {
  /// What a method must answer.
  struct Expectation {
    let method: String
    let parameters: JSONObject
    let now: Instant
    /// Rows as the method gives them, each with some of its columns.
    let rows: [JSONObject]
    /// Where it stands in the file.
    let place: Place
  }

  /// A line of an SQL file, or a field of a JSON file.
  enum Place {
    case line(Int)
    case field(String)
  }

  /// Where nothing else is said: when questions are asked.
  static let now = Instant("2026-11-21T12:00:00Z")!

  let file: String
  let given: [GivenEvent]
  let expectations: [Expectation]

  /// An error about a part of an expectation, which in SQL is a line and in JSON a field.
  func error(_ expectation: Expectation, _ part: String, _ message: String) -> ExampleError {
    switch expectation.place {
    case .line(let line): ExampleError(file, line: line, field: part, message)
    case .field(let field): ExampleError(file, field: "\(field).\(part)", message)
    }
  }
}
