import Glibc
import JSON

/// `planner apply`.
enum ApplyCommand {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "apply", "Submit the commands of a file, one a line",
      positionals: [PositionalSpec("FILE", .file, "JSON objects, one a line; - is standard input")],
      options: [OptionSpec("dry-run", "Decide each batch, and change nothing")],
      details: """
        A line is a command as org.plannerd.planner describes it:
          {"commandId": "…", "rateTheme": {"themeId": "…", "ratingPercent": 70}}
        Lines are sent in batches of up to \(Batch.maxCommands), in order; empty lines are passed over.
        Applying a file again does nothing twice, for a commandId counts once; a line without one
        gets a new id each time.

        A command that is refused is named on standard error with its line and the rule, and those
        after it go on. A file is read through before anything is sent: with a line that is no JSON
        object, all such lines are named and nothing is sent. From standard input commands are sent
        as they come, and such a line ends it: what came before it is sent, nothing from it on.

        Exits 0 if all are in the log, 2 if a line is not understood, 3 if a rule refused one, 4 at
        a conflict.
        """, run: run)
  ]

  @Sendable static func run(_ invocation: Invocation) throws(Failure) {
    let path = invocation.required("FILE")
    var run = ApplyRun(invocation)
    if path == "-" {
      return try run.apply(LineReader(descriptor: 0))
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .usage("\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    if lseek(descriptor, 0, SEEK_SET) == 0 {
      run.total = try checked(LineReader(descriptor: descriptor), path, invocation.terminal)
      lseek(descriptor, 0, SEEK_SET)
      invocation.session.catchInterruption()
    }
    try run.apply(LineReader(descriptor: descriptor))
  }

  /// How many commands there are; a failure where a line is none.
  private static func checked(
    _ lines: LineReader, _ path: String, _ terminal: Terminal
  ) throws(Failure) -> Int {
    var lines = lines
    var count = 0
    var bad = 0
    var number = 0
    while let line = lines.next() {
      number += 1
      do {
        if try CommandLineText.command(line) != nil { count += 1 }
      } catch {
        bad += 1
        if bad <= 20 { terminal.complain("line \(number): \(error)") }
      }
    }
    guard bad == 0 else {
      throw .usage("\(path): \(Number.counted(bad, "line")) not understood; nothing was sent")
    }
    return count
  }
}

/// A line of input as a command.
enum CommandLineText {
  /// Why a line is no command.
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  /// What a request may be long, less room for what is around the command.
  static let maxBytes = 1_000_000

  /// Nil for an empty line.
  static func command(_ line: [UInt8]) throws(Problem) -> JSONObject? {
    if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
    guard line.count <= maxBytes else { throw Problem(description: "over \(maxBytes) bytes") }
    let value: JSON
    do {
      value = try JSON.parse(line.span).value
    } catch {
      throw Problem(description: "not JSON: \(error)")
    }
    guard let object = value.object else { throw Problem(description: "not a JSON object") }
    return object
  }
}

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

/// One run over a source of commands, and what became of them.
struct ApplyRun {
  var total: Int?
  private let invocation: Invocation
  private let dryRun: Bool
  private var progress: ProgressLine
  private var counts: [(result: String, count: Int)] = []
  private var maybeOurs = 0
  private var worst = ExitCode.ok

  init(_ invocation: Invocation) {
    self.invocation = invocation
    dryRun = invocation.arguments.has("dry-run")
    progress = ProgressLine(invocation.terminal)
  }

  mutating func apply(_ source: LineReader) throws(Failure) {
    do throws(Failure) {
      try send(source)
    } catch {
      progress.clear()
      if !counts.isEmpty { summarize() }
      throw error
    }
    progress.clear()
    summarize()
    if worst != .ok { throw .silent(worst) }
  }

  private mutating func send(_ source: LineReader) throws(Failure) {
    var source = source
    var batch = Batch()
    var number = 0
    while let line = source.next() {
      number += 1
      let command: JSONObject?
      do {
        command = try CommandLineText.command(line)
      } catch {
        try send(&batch)
        throw .usage("line \(number): \(error); nothing was sent from there on")
      }
      if var command {
        if command["commandId"] == nil {
          command["commandId"] = .string(newID(invocation.session.clock))
        }
        if !batch.takes(line.count) { try send(&batch) }
        batch.add(.object(command), line: number, size: line.count)
      }
      // A slow source is not kept waiting for a batch to fill.
      if batch.lines.count == Batch.maxCommands || !source.hasMoreAtOnce { try send(&batch) }
    }
    try send(&batch)
  }

  private mutating func send(_ batch: inout Batch) throws(Failure) {
    guard !batch.isEmpty else { return }
    let full = batch
    batch = Batch()
    try submit(full)
    let done = counts.reduce(0) { $0 + $1.count }
    progress.show("apply", done: done, total: total)
  }

  private mutating func submit(_ batch: Batch) throws(Failure) {
    let submitted: Session.Submitted
    do throws(Failure) {
      submitted = try invocation.session.submit(batch.commands, dryRun: dryRun)
    } catch {
      return try handle(error, batch)
    }
    if invocation.session.options.json { invocation.terminal.print(submitted.reply.text) }
    for (line, outcome) in zip(batch.lines, submitted.outcomes) {
      count(outcome.result)
      if submitted.repeated && outcome.result == "duplicate" { maybeOurs += 1 }
      if !outcome.isWritten {
        refuse(line, outcome.refusal, outcome.code == .conflict ? .conflict : .rejected)
      }
    }
  }

  /// A request that is refused as a whole holds a command of a shape that the interface does not have:
  /// halves of it find out which, and let the others go on.
  private mutating func handle(_ failure: Failure, _ batch: Batch) throws(Failure) {
    guard failure.code == .usage, failure.reply != nil else {
      guard failure.code == .interrupted || failure.code == .outcomeUnknown else { throw failure }
      progress.clear()
      invocation.terminal.complain(
        "What became of \(batch.place) is unknown; apply the file again to settle it.")
      throw failure
    }
    guard batch.lines.count > 1 else {
      count("not understood")
      return refuse(batch.lines[0], failure.message, .usage)
    }
    let (first, second) = batch.halves
    try submit(first)
    try submit(second)
  }

  private mutating func count(_ result: String) {
    if let index = counts.firstIndex(where: { $0.result == result }) {
      counts[index].count += 1
    } else {
      counts.append((result, 1))
    }
  }

  private mutating func refuse(_ line: Int, _ reason: String, _ code: ExitCode) {
    progress.clear()
    invocation.terminal.complain(TextWidth.sanitized("line \(line): \(reason)"))
    let order: [ExitCode] = [.ok, .conflict, .rejected, .usage]
    let rank = { (code: ExitCode) in order.firstIndex(of: code) ?? 0 }
    if rank(code) > rank(worst) { worst = code }
  }

  private func summarize() {
    guard !invocation.session.options.json else { return }
    let parts = counts.map { "\(Number.grouped($0.count)) \($0.result)" }
    var text = parts.isEmpty ? "No commands" : parts.joined(separator: ", ")
    if dryRun { text += "  (dry run, nothing changed)" }
    if let position = invocation.session.atLeast, !dryRun, !parts.isEmpty {
      text += invocation.terminal.style.paint("  (position \(position))", .quiet)
    }
    invocation.terminal.print(text)
    if maybeOurs > 0 {
      invocation.terminal.complain(
        "An answer was lost on the way: up to \(maybeOurs) of the duplicates are of this run.")
    }
  }
}
