/// Lines that are drawn over those before, on a terminal; elsewhere they follow each other.
struct LiveScreen {
  let terminal: Terminal
  private var drawn: Int?

  init(_ terminal: Terminal) { self.terminal = terminal }

  /// `footer` is for terminals only.
  mutating func show(_ lines: [String], footer: String) {
    guard let height = terminal.height else {
      if drawn != nil { terminal.print("") }
      for line in lines { terminal.print(line) }
      terminal.flush()
      drawn = lines.count
      return
    }
    let shown = Array(lines.prefix(max(1, height - 2))) + [terminal.style.paint(footer, .quiet)]
    // Without wrapping each line is one of the terminal's, and can be counted.
    var text = "\u{1B}[?7l"
    if let drawn { text += "\u{1B}[\(drawn)A\r" }
    for line in shown { text += line + "\u{1B}[K\n" }
    terminal.put(text + "\u{1B}[J\u{1B}[?7h")
    drawn = shown.count
  }
}
