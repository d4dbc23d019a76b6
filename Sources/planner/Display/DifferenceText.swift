import JSON
import Scalars

/// Rows that differ between two moments, and the events behind a row, as lines.
struct DifferenceText {
  let values: ValueText
  let style: Style

  init(_ local: LocalTime, _ style: Style) {
    values = ValueText(local: local)
    self.style = style
  }

  /// Columns that change along with any other.
  private static let companions = ["version", "updatedAt", "position"]
  /// Columns that say nothing about a row that is new or gone.
  private static let plain = companions + ["createdAt", "rank", "title", "name", "text"]

  // MARK: Differences

  /// `+ Swim`, `- Run`, or `~ Sleep` and a line for each column, then the events.
  func lines(_ difference: JSON) -> [String] {
    let before = difference["before"]
    let after = difference["after"]
    let row = after?.object == nil ? before : after
    let name = TextWidth.sanitized(values.name(row, key: difference["key"]?.string ?? ""))
    let events = (difference["events"]?.array ?? []).map { "    by " + headline($0) }
    switch difference["kind"]?.string {
    case "added": return [style.paint("+ ", .good) + name + facts(row, name)] + events
    case "gone": return [style.paint("- ", .poor) + name + facts(row, name)] + events
    default: break
    }
    let columns = (difference["columns"]?.array ?? []).compactMap(\.string)
    let changes = shown(columns).map { ($0, before?[$0], after?[$0]) }
    return [style.paint("~ ", .fair) + name] + aligned(changes) + events
  }

  /// What a row holds, on one line.
  private func facts(_ row: JSON?, _ name: String) -> String {
    let members = (row?.object?.members ?? []).filter { member in
      !member.value.isNull && member.value != [] && !member.name.hasSuffix("Id")
        && !DifferenceText.plain.contains(member.name) && values.text(member.value) != name
    }
    guard !members.isEmpty else { return "" }
    let facts = members.map { "\($0.name) \(values.text($0.value))" }.joined(separator: ", ")
    return "  " + style.paint(TextWidth.sanitized(facts), .quiet)
  }

  /// The columns without those that always change, unless there are no others.
  private func shown(_ columns: [String]) -> [String] {
    let own = columns.filter { !DifferenceText.companions.contains($0) }
    return own.isEmpty ? columns : own
  }

  private func aligned(_ changes: [(name: String, before: JSON?, after: JSON?)]) -> [String] {
    let width = changes.map { TextWidth.of($0.name) }.max() ?? 0
    return changes.map { change in
      let gap = String(repeating: " ", count: width - TextWidth.of(change.name) + 2)
      let text = "\(values.text(change.before)) → \(values.text(change.after))"
      return "    " + style.paint(TextWidth.sanitized(change.name), .quiet) + gap
        + TextWidth.sanitized(text)
    }
  }

  // MARK: Events

  /// `#279  2026-11-21 02:32:38  root  ThemeRated`.
  func headline(_ event: JSON) -> String {
    let at = ThemeCommands.instant(event["recordedAt"])
    let when = at.map { "\(values.local.date($0)) \(values.local.clock($0))" } ?? ""
    let who = AuditCommand.userName(event["uid"]?.int ?? -1)
    let head = "#\(event["position"]?.int ?? 0)  \(when)  \(who)"
    return style.paint(head, .quiet) + "  " + TextWidth.sanitized(event["type"]?.string ?? "")
  }

  /// An event and what it did to the columns of a row.
  func event(_ event: JSON) -> [String] {
    let columns = event["columns"]?.array ?? []
    let names = shown(columns.compactMap { $0["name"]?.string })
    let changes = columns.compactMap { column -> (name: String, before: JSON?, after: JSON?)? in
      guard let name = column["name"]?.string, names.contains(name) else { return nil }
      return (name, DifferenceText.value(column["before"]), DifferenceText.value(column["after"]))
    }
    return [headline(event)] + aligned(changes.filter { $0.before != $0.after })
  }

  /// A column's value, which is told as JSON text.
  private static func value(_ json: JSON?) -> JSON? {
    json?.string.flatMap { try? JSON.parse($0) }
  }
}
