import JSON

/// Commands that go out together.
struct Batch {
  static let maxCommands = 100
  /// Well below the bound of a request, 1 MiB.
  static let maxBytes = 800_000

  private(set) var lines: [Int] = []
  private(set) var commands: [JSON] = []
  private var bytes = 0

  var isEmpty: Bool { lines.isEmpty }

  func takes(_ size: Int) -> Bool {
    isEmpty || lines.count < Batch.maxCommands && bytes + size <= Batch.maxBytes
  }

  mutating func add(_ command: JSON, line: Int, size: Int) {
    lines.append(line)
    commands.append(command)
    bytes += size
  }

  /// The first half and the second.
  var halves: (Batch, Batch) {
    var halves = (Batch(), Batch())
    for (index, (line, command)) in zip(lines, commands).enumerated() {
      if index < lines.count / 2 {
        halves.0.add(command, line: line, size: 0)
      } else {
        halves.1.add(command, line: line, size: 0)
      }
    }
    return halves
  }

  /// `line 7` or `lines 7 to 106`.
  var place: String {
    guard let first = lines.first, let last = lines.last else { return "no line" }
    return first == last ? "line \(first)" : "lines \(first) to \(last)"
  }
}
