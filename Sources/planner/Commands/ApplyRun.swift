import JSON

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
