/// “Did you mean”: the known word that is nearest to one that was typed.
enum Suggestion {
  /// ` (did you mean “rate”?)`, or nothing where no word is near.
  static func among(_ known: [String], for typed: String) -> String {
    let nearest = known.map { (word: $0, distance: distance($0, typed)) }
      .min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(1, typed.count / 3) else { return "" }
    return " (did you mean “\(nearest.word)”?)"
  }

  /// How many letters to put in, leave out, replace or swap with the next (optimal string alignment).
  static func distance(_ left: String, _ right: String) -> Int {
    let a = Array(left)
    let b = Array(right)
    var rows = [Array(0...b.count)]
    for i in 1..<(a.count + 1) {
      var row = [i]
      for j in 1..<(b.count + 1) {
        var best = min(row[j - 1], rows[i - 1][j]) + 1
        best = min(best, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          best = min(best, rows[i - 2][j - 2] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
