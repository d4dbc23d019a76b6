/// The text of a query with some of its parameters put to NULL, so that Postgres plans without the conditions on them.
struct AbsentParameters {
  /// Whether each `$` in the text begins a parameter. It does not in names and in texts between dollars, where `$1` stands
  /// for itself; such a query is left as it is.
  let areCertain: Bool
  /// Where `$n` stands in the text, in Unicode scalars, and which n it is.
  private let places: [(range: Range<Int>, number: Int)]
  private let scalars: [Unicode.Scalar]

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
    let tokens = SQLTokens(text).all
    let marks = tokens.indices.filter { tokens[$0].kind == .mark && tokens[$0].text == "$" }
    places = marks.compactMap { index in
      guard index + 1 < tokens.count, let number = Int(tokens[index + 1].text),
        tokens[index + 1].start == tokens[index].start + 1,
        index == 0 || tokens[index - 1].kind != .word
          || tokens[index - 1].end < tokens[index].start
      else { return nil }
      return (tokens[index].start..<tokens[index + 1].end, number)
    }
    areCertain = marks.count == places.count
  }

  /// The text with the parameters of these numbers, from 1, as NULL of their types.
  func text(without absent: [Int: ValueType]) -> String {
    var out = String.UnicodeScalarView()
    var done = 0
    for (range, number) in places {
      guard let type = absent[number] else { continue }
      out.append(contentsOf: scalars[done..<range.lowerBound])
      out.append(contentsOf: "NULL::\(type.rawValue)".unicodeScalars)
      done = range.upperBound
    }
    out.append(contentsOf: scalars[done...])
    return String(out)
  }
}
