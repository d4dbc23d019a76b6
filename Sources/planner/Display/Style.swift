/// What a piece of output means; how that looks is decided in one place.
enum Tone: Sendable, Equatable {
  case plain, heading, quiet
  case good, fair, poor
  case overdue, soon
  case started, done
  case important
  /// The colour of a pillar, `#RRGGBB`.
  case color(String)
}

/// Paints text by its meaning, or leaves it as it is.
struct Style: Sendable, Equatable {
  enum Depth: Sendable { case none, basic, full }

  let depth: Depth

  static let plain = Style(depth: .none)

  /// Colours for a terminal that has them and a person who wants them (no-color.org).
  init(isTerminal: Bool, environment: (String) -> String?) {
    let refused = !(environment("NO_COLOR") ?? "").isEmpty || environment("TERM") == "dumb"
    guard isTerminal, !refused, environment("TERM") != nil else {
      depth = .none
      return
    }
    let full = ["truecolor", "24bit"].contains(environment("COLORTERM") ?? "")
    depth = full ? .full : .basic
  }

  init(depth: Depth) { self.depth = depth }

  func paint(_ text: String, _ tone: Tone) -> String {
    guard depth != .none, !text.isEmpty, let code = code(of: tone) else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  private func code(of tone: Tone) -> String? {
    switch tone {
    case .plain: nil
    case .heading: "1"
    case .quiet: "2"
    case .good: "32"
    case .fair: "33"
    case .poor: "31"
    case .overdue: "1;31"
    case .soon: "33"
    case .started: "36"
    case .done: "2"
    case .important: "1"
    case .color(let hex): color(hex)
    }
  }

  private func color(_ hex: String) -> String? {
    guard hex.utf8.count == 7, hex.first == "#", let value = Int(hex.dropFirst(), radix: 16) else {
      return nil
    }
    let (red, green, blue) = (value >> 16, value >> 8 & 255, value & 255)
    if depth == .full { return "38;2;\(red);\(green);\(blue)" }
    // The cube of 6 x 6 x 6 colours that every terminal with 256 has.
    let cube = [red, green, blue].map { ($0 * 5 + 127) / 255 }
    return "38;5;\(16 + 36 * cube[0] + 6 * cube[1] + cube[2])"
  }
}
