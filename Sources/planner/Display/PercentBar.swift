/// A percentage as a bar of ten blocks: `██████░░░░ 64 %`.
enum PercentBar {
  static func text(_ percent: Double) -> String {
    let filled = min(10, max(0, Int((percent / 10).rounded())))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 10 - filled)
    return "\(bar) \(rightAligned(Number.text(percent), 3)) %"
  }

  static func cell(_ percent: Double?) -> Cell {
    guard let percent else { return Cell("not rated", .quiet) }
    return Cell(text(percent), tone(percent))
  }

  static func tone(_ percent: Double) -> Tone {
    percent >= 70 ? .good : percent >= 40 ? .fair : .poor
  }

  private static func rightAligned(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
