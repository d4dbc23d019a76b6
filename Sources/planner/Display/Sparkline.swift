/// A series as a line of blocks, `▂▃▅▇`, eight heights from 0 to 100.
enum Sparkline {
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  /// A space where there is no value. A series that is longer than `width` keeps the last value of each part.
  static func text(_ percents: [Double?], width: Int) -> String {
    let count = min(percents.count, max(1, width))
    guard count > 0 else { return "" }
    return String(
      (0..<count).map { place -> Character in
        let end = (place + 1) * percents.count / count
        guard let percent = percents[end - 1] else { return " " }
        let height = Int(percent / 100 * Double(blocks.count))
        return blocks[min(blocks.count - 1, max(0, height))]
      })
  }
}
