import EventLoop
import JSON
import Postgres
import Scalars

/// Reads a test whose events and rows are computed by SELECTs, which Postgres runs as the query role.
@EventLoop
struct SQLExampleReader {
  /// A part of the file: its heading, and the SELECT under it.
  private struct Section {
    let line: Int
    /// What follows the `--`.
    let heading: String
    var lines: [String] = []
    var now: (line: Int, text: String)?

    var isEmpty: Bool {
      lines.allSatisfy { line in
        let text = line.drop { $0.isWhitespace }
        return text.isEmpty || text.hasPrefix("--")
      }
    }

    /// The SELECT, on the lines that it has in the file.
    var sql: String { lines.joined(separator: "\n") }
  }

  let file: String
  let connection: Connection

  func read(_ text: String) async throws(ExampleError) -> ProjectionExample {
    let sections = try self.sections(of: text)
    guard let first = sections.first, first.heading == "given" else {
      throw ExampleError(file, line: 1, "the first SELECT is that under `-- given`")
    }
    guard sections.count > 1 else {
      throw ExampleError(file, line: first.line, "there is no `-- expect METHOD`")
    }
    let given = try await events(first)
    var expectations: [ProjectionExample.Expectation] = []
    for section in sections.dropFirst() {
      guard section.heading != "given" else {
        throw ExampleError(file, line: section.line, "`-- given` occurs once, at the beginning")
      }
      expectations.append(try await expectation(section))
    }
    return ProjectionExample(file: file, given: given, expectations: expectations)
  }

  private func sections(of text: String) throws(ExampleError) -> [Section] {
    var sections: [Section] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.first == "--", words.count > 1, ["given", "expect"].contains(words[1]) {
        let heading = words[1] == "given" ? "given" : String(line)
        sections.append(Section(line: index + 1, heading: heading))
      } else if words.first == "--", words.count == 3, words[1] == "now", !sections.isEmpty {
        sections[sections.count - 1].now = (index + 1, String(words[2]))
        sections[sections.count - 1].lines.append("")
      } else if sections.isEmpty {
        guard words.isEmpty || words[0].hasPrefix("--") else {
          throw ExampleError(file, line: index + 1, "what comes before `-- given` is comment only")
        }
      } else {
        sections[sections.count - 1].lines.append(String(line))
      }
    }
    for section in sections where section.isEmpty {
      throw ExampleError(file, line: section.line, "there is no SELECT under this line")
    }
    return sections
  }

  private func events(_ section: Section) async throws(ExampleError) -> [GivenEvent] {
    let names = [
      "type": "type", "data": "data", "occurred_at": "occurredAt", "command_id": "commandId",
      "command": "command",
    ]
    var reader = GivenEventReader()
    for (index, row) in try await rows(section).enumerated() {
      var event: JSONObject = [:]
      for member in row.members {
        guard let name = names[member.name] else {
          throw ExampleError(
            file, line: section.line,
            "column \(member.name) is none of type, data, occurred_at, command_id, command")
        }
        event[name] = member.value
      }
      do throws(GivenEventReader.Problem) {
        try reader.add(.object(event))
      } catch {
        throw ExampleError(
          file, line: section.line, field: "row \(index + 1), \(error.member)", error.message)
      }
    }
    return reader.events
  }

  /// Reads `-- expect METHOD {parameters}`, and computes the rows.
  private func expectation(_ section: Section) async throws(ExampleError)
    -> ProjectionExample.Expectation
  {
    let words = section.heading.split(maxSplits: 3, whereSeparator: \.isWhitespace)
    guard words.count > 2 else {
      throw ExampleError(file, line: section.line, "a method's name follows `-- expect`")
    }
    var parameters: JSONObject = [:]
    if words.count == 4 {
      guard let object = (try? JSON.parse(String(words[3])))?.object else {
        throw ExampleError(
          file, line: section.line, "what follows the method is no JSON object: \(words[3])")
      }
      parameters = object
    }
    return ProjectionExample.Expectation(
      method: String(words[2]), parameters: parameters, now: try now(section),
      rows: try await rows(section), place: .line(section.line))
  }

  private func now(_ section: Section) throws(ExampleError) -> Instant {
    guard let now = section.now else { return ProjectionExample.now }
    guard let instant = Instant(now.text) else {
      throw ExampleError(file, line: now.line, "`-- now` takes an RFC 3339 instant")
    }
    return instant
  }

  /// The rows of a section's SELECT, each as an object.
  private func rows(_ section: Section) async throws(ExampleError) -> [JSONObject] {
    let prefix = "SELECT to_json(q)::text FROM (\n"
    do throws(PostgresError) {
      let rows = try await connection.run([Query(Statement("\(prefix)\(section.sql)\n) AS q"))])[0]
      return (0..<rows.count).map { (try? JSON.parse(rows.text($0, 0)))?.object ?? [:] }
    } catch {
      let offset = max(0, (error.position ?? 1) - prefix.unicodeScalars.count)
      let line = section.sql.unicodeScalars.prefix(offset).count { $0 == "\n" }
      throw ExampleError(file, line: section.line + 1 + line, error.description)
    }
  }
}
