/// A cell of a table: its text, and pieces of it by meaning.
struct Cell: Sendable, Equatable {
  struct Piece: Sendable, Equatable {
    let text: String
    let tone: Tone
  }

  let pieces: [Piece]

  init(_ text: String?, _ tone: Tone = .plain) {
    pieces = [Piece(text: TextWidth.sanitized(text ?? ""), tone: tone)]
  }

  init(pieces: [Piece]) { self.pieces = pieces }

  var width: Int { pieces.reduce(0) { $0 + TextWidth.of($1.text) } }
  var isEmpty: Bool { pieces.allSatisfy(\.text.isEmpty) }

  /// The painted text, cut to `width` columns.
  func rendered(_ style: Style, width: Int) -> String {
    var left = width
    var out = ""
    for piece in pieces where left > 0 {
      let text = TextWidth.fitted(piece.text, to: left)
      left -= TextWidth.of(text)
      out += style.paint(text, piece.tone)
    }
    return out
  }
}

/// Rows under headings, in columns as wide as needed and as the terminal allows.
struct Table {
  struct Column {
    let title: String
    let alignRight: Bool
    /// The least width that it may be cut to; nil where it is never cut.
    let least: Int?

    init(_ title: String, alignRight: Bool = false, least: Int? = nil) {
      self.title = title
      self.alignRight = alignRight
      self.least = least
    }
  }

  let columns: [Column]
  private(set) var rows: [[Cell]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count)
    rows.append(cells)
  }

  /// The lines of the table. A column without anything in it is left out. `width` is that of the
  /// terminal, nil where there is none and nothing is cut.
  func lines(_ style: Style, width: Int?) -> [String] {
    let shown = columns.indices.filter { index in rows.contains { !$0[index].isEmpty } }
    let widths = fitted(shown, width)
    let heading = shown.map { Cell(columns[$0].title, .heading) }
    return ([heading] + rows.map { row in shown.map { row[$0] } }).map { cells in
      line(cells, shown, widths, style)
    }
  }

  private func line(_ cells: [Cell], _ shown: [Int], _ widths: [Int], _ style: Style) -> String {
    var text = ""
    for (place, cell) in cells.enumerated() {
      let gap = String(repeating: " ", count: max(0, widths[place] - cell.width))
      let body = cell.rendered(style, width: widths[place])
      let isLast = place == cells.count - 1
      if columns[shown[place]].alignRight { text += gap + body } else { text += body }
      if !isLast { text += (columns[shown[place]].alignRight ? "" : gap) + "  " }
    }
    while text.last == " " { text.removeLast() }
    return text
  }

  /// Widths of the columns shown, the widest ones cut first until the line fits.
  private func fitted(_ shown: [Int], _ limit: Int?) -> [Int] {
    var widths = shown.map { index in
      max(TextWidth.of(columns[index].title), rows.map { $0[index].width }.max() ?? 0)
    }
    guard let limit else { return widths }
    var excess = widths.reduce(0, +) + 2 * max(0, shown.count - 1) - limit
    while excess > 0 {
      let cuttable = shown.indices.filter { place in
        columns[shown[place]].least.map { widths[place] > $0 } ?? false
      }
      guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
      excess -= 1
    }
    return widths
  }
}
