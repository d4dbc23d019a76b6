import JSON
import Scalars

/// Values of a view's rows in words, whatever their columns are.
struct ValueText {
  let local: LocalTime

  /// `–` for what is absent.
  func text(_ value: JSON?) -> String {
    switch value {
    case nil, .null: "–"
    case .bool(let flag): flag ? "yes" : "no"
    case .string(let text): self.text(text)
    case .array(let values): values.map { self.text($0) }.joined(separator: ", ")
    case .some(let other): other.number.map { Number.text($0) } ?? other.text
    }
  }

  private func text(_ text: String) -> String {
    // Only what is as long as an instant and looks like one is held to be one.
    guard text.utf8.count >= 20, text.utf8.dropFirst(10).first == 0x54, let at = Instant(text)
    else { return text }
    return local.text(at)
  }

  /// A row by its name, else by its key.
  func name(_ row: JSON?, key: String) -> String {
    let names = ["title", "name", "text", "tag", "themeName", "pillarName"]
    guard let row, let name = names.lazy.compactMap({ row[$0]?.string }).first else { return key }
    return row["day"]?.string.map { "\(name) \($0)" } ?? name
  }
}
