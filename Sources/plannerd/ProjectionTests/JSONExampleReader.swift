import JSON
import Scalars

/// Reads a test that says events and rows as they are.
struct JSONExampleReader {
  let file: String

  func read(_ text: String) throws(ExampleError) -> ProjectionExample {
    let json = try parse(text)
    guard let object = json.object else {
      throw ExampleError(file, line: 1, "a test is an object with `given` and `expect`")
    }
    for member in object.members where !["given", "expect"].contains(member.name) {
      throw ExampleError(file, field: member.name, "a test has `given` and `expect` only")
    }
    guard let expect = object["expect"]?.object, !expect.isEmpty else {
      throw ExampleError(
        file, field: "expect", "must be an object with a member for each method that is asked")
    }
    let given = try events(object["given"])
    var expectations: [ProjectionExample.Expectation] = []
    for member in expect.members {
      expectations.append(try expectation(member.name, member.value))
    }
    return ProjectionExample(file: file, given: given, expectations: expectations)
  }

  private func parse(_ text: String) throws(ExampleError) -> JSON {
    do {
      return try JSON.parse(text)
    } catch {
      let line = 1 + text.utf8.prefix(error.offset).count { $0 == UInt8(ascii: "\n") }
      throw ExampleError(file, line: line, "not JSON: \(error.reason)")
    }
  }

  private func events(_ json: JSON?) throws(ExampleError) -> [GivenEvent] {
    guard let list = json?.array else {
      throw ExampleError(file, field: "given", "must be an array of events")
    }
    var reader = GivenEventReader()
    for (index, event) in list.enumerated() {
      do throws(GivenEventReader.Problem) {
        try reader.add(event)
      } catch {
        let member = error.member.isEmpty ? "" : ".\(error.member)"
        throw ExampleError(file, field: "given[\(index)]\(member)", error.message)
      }
    }
    return reader.events
  }

  private func expectation(_ method: String, _ json: JSON) throws(ExampleError)
    -> ProjectionExample.Expectation
  {
    let field = "expect.\(method)"
    guard let object = json.object else {
      throw ExampleError(file, field: field, "must be an object with `rows`")
    }
    for member in object.members where !["parameters", "now", "rows"].contains(member.name) {
      throw ExampleError(
        file, field: "\(field).\(member.name)", "an expectation has `parameters`, `now`, `rows`")
    }
    guard let list = object["rows"]?.array else {
      throw ExampleError(file, field: "\(field).rows", "must be an array of rows")
    }
    var rows: [JSONObject] = []
    for (index, row) in list.enumerated() {
      guard let row = row.object else {
        throw ExampleError(file, field: "\(field).rows[\(index)]", "must be an object")
      }
      rows.append(row)
    }
    return ProjectionExample.Expectation(
      method: method, parameters: try parameters(json, field), now: try now(json, field),
      rows: rows, place: .field(field))
  }

  private func parameters(_ json: JSON, _ field: String) throws(ExampleError) -> JSONObject {
    guard let value = json["parameters"] else { return [:] }
    guard let object = value.object else {
      throw ExampleError(file, field: "\(field).parameters", "must be an object")
    }
    return object
  }

  private func now(_ json: JSON, _ field: String) throws(ExampleError) -> Instant {
    guard let value = json["now"] else { return ProjectionExample.now }
    guard let instant = value.string.flatMap({ Instant($0) }) else {
      throw ExampleError(file, field: "\(field).now", "must be an RFC 3339 instant")
    }
    return instant
  }
}
