/// A bar on standard error that is drawn over itself; nothing at all where that is no terminal.
struct ProgressLine {
  let terminal: Terminal
  private var drawn = ""

  init(_ terminal: Terminal) { self.terminal = terminal }

  mutating func show(_ label: String, done: Int, total: Int?, _ detail: String = "") {
    guard let width = terminal.errorWidth else { return }
    let text = ProgressLine.text(label, done: done, total: total, detail, width: width - 1)
    guard text != drawn else { return }
    drawn = text
    terminal.draw("\r\u{1B}[K" + text)
  }

  /// Takes the bar away again.
  mutating func clear() {
    guard !drawn.isEmpty else { return }
    drawn = ""
    terminal.draw("\r\u{1B}[K")
  }

  static func text(
    _ label: String, done: Int, total: Int?, _ detail: String, width: Int
  ) -> String {
    let counts = total.map { "\(Number.grouped(done)) of \(Number.grouped($0))" }
    let tail = [counts ?? Number.grouped(done), detail].filter { !$0.isEmpty }
      .joined(separator: ", ")
    guard let total, total > 0 else { return TextWidth.fitted("\(label)  \(tail)", to: width) }
    let share = min(1, Double(done) / Double(total))
    let room = max(5, min(30, width - TextWidth.of(label) - TextWidth.of(tail) - 12))
    let filled = Int(share * Double(room))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: room - filled)
    return TextWidth.fitted("\(label)  \(bar) \(Int(share * 100)) %  \(tail)", to: width)
  }
}
