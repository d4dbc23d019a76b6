import JSON
import Projections
import Scalars

/// Compares rows that are expected with those that came: in order, and in the columns that are named.
struct ExpectedRows {
  let expected: [JSONObject]
  let columns: [FolderTrial.Column]

  /// The first expected row, from 1, that names a column that there is not.
  var unknownColumn: (row: Int, name: String)? {
    let names = Set(columns.map(\.name))
    for (index, row) in expected.enumerated() {
      for member in row.members where !names.contains(member.name) {
        return (index + 1, member.name)
      }
    }
    return nil
  }

  /// Lines that tell how the actual rows differ; empty where they do not.
  func difference(from actual: [JSON]) -> [String] {
    for (index, row) in expected.enumerated() {
      guard index < actual.count else {
        return [
          "row \(index + 1) is missing: there are \(actual.count) rows, \(expected.count) are expected",
          "  expected \(JSON.object(row).text)", "  actual   no row",
        ]
      }
      let differing = row.members.filter { !isEqual($0.value, actual[index][$0.name], $0.name) }
      if !differing.isEmpty {
        return [
          "row \(index + 1) differs in \(differing.map(\.name).joined(separator: ", "))",
          "  expected \(JSON.object(row).text)",
          "  actual   \(ExpectedRows.text(actual[index], like: row))",
        ]
      }
    }
    guard actual.count > expected.count else { return [] }
    return [
      "row \(expected.count + 1) is too much: there are \(actual.count) rows, \(expected.count) are expected",
      "  expected no row", "  actual   \(actual[expected.count].text)",
    ]
  }

  /// The columns of a row that are compared, in the order in which they are expected.
  private static func text(_ actual: JSON, like row: JSONObject) -> String {
    let members = row.members.map {
      JSONObject.Member(name: $0.name, value: actual[$0.name] ?? .null)
    }
    return JSON.object(JSONObject(unique: members)).text
  }

  /// Numbers are compared by value, instants by the moment that they name.
  private func isEqual(_ expected: JSON, _ actual: JSON?, _ column: String) -> Bool {
    guard let actual else { return expected.isNull }
    if let left = expected.int, let right = actual.int { return left == right }
    if let left = expected.number, let right = actual.number { return left == right }
    if columns.contains(where: { $0.name == column && $0.isInstant }),
      let left = expected.string.flatMap({ Instant($0) }),
      let right = actual.string.flatMap({ Instant($0) })
    {
      return left == right
    }
    return expected.canonicalBytes == actual.canonicalBytes
  }
}
