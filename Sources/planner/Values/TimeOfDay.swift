/// A time of day as a person types it.
enum TimeOfDay {
  /// Seconds since midnight of `9am`, `9:30pm`, `14:00`, `14:00:30`, `noon` and `midnight`.
  static func seconds(_ text: String) -> Int? {
    switch text {
    case "noon": return 12 * 3_600
    case "midnight": return 0
    default: break
    }
    let half = text.hasSuffix("am") ? 0 : text.hasSuffix("pm") ? 12 : nil
    let digits = half == nil ? text : String(text.dropLast(2))
    let parts = digits.split(separator: ":", omittingEmptySubsequences: false).map { part in
      (1...2).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        ? Int(part) : nil
    }
    guard let first = parts[0], parts.count <= 3, half != nil || parts.count > 1 else { return nil }
    guard let hour = half.map({ hour(first, $0) }) ?? (first < 24 ? first : nil) else { return nil }
    var seconds = hour * 3_600
    for (part, unit) in zip(parts.dropFirst(), [60, 1]) {
      guard let part, part < 60 else { return nil }
      seconds += part * unit
    }
    return seconds
  }

  /// The hour of the day that an hour before or after noon is: 12am is midnight.
  private static func hour(_ hour: Int, _ half: Int) -> Int? {
    (1...12).contains(hour) ? hour % 12 + half : nil
  }
}
