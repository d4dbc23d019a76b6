/// Numbers as a person writes them.
enum Number {
  /// Whole where it is, else with at most three digits after the point.
  static func text(_ value: Double) -> String {
    if value == value.rounded() && value.magnitude < 1e15 { return String(Int(value)) }
    return fixed(value, 3)
  }

  /// With exactly so many digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1) { scaled, _ in scaled * 10 }
    let units = Int((value.magnitude * Double(scale)).rounded())
    let fraction = String(units % scale)
    let zeros = String(repeating: "0", count: max(0, digits - fraction.count))
    let sign = value < 0 && units > 0 ? "-" : ""
    return "\(sign)\(units / scale)" + (digits == 0 ? "" : ".\(zeros)\(fraction)")
  }

  /// A duration of so many seconds: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
  static func seconds(_ value: Double) -> String {
    if value < 9.95 { return "\(fixed(value, 1)) s" }
    let seconds = Int(value.rounded())
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3_600 { return "\(seconds / 60) min \(seconds % 60) s" }
    return "\(grouped(seconds / 3_600)) h \(seconds / 60 % 60) min"
  }

  /// With commas between thousands.
  static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var out = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { out += "," }
      out.append(digit)
    }
    return out
  }

  /// `1 theme`, `3 themes`.
  static func counted(_ count: Int, _ noun: String) -> String {
    "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
  }
}
