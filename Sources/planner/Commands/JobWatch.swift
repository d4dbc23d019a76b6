import JSON
import Scalars

/// Follows a job to its end, with a bar on a terminal.
struct JobWatch {
  let invocation: Invocation

  /// The job as it ended. Ctrl-C ends the watching and leaves the job alone.
  func end(of id: Int) throws(Failure) -> JSON {
    let session = invocation.session
    session.catchInterruption()
    var progress = ProgressLine(invocation.terminal)
    var last: JSON = .null
    do throws(Failure) {
      try session.stream("org.plannerd.control.Watch") {
        JobWatch.isOver(last) ? nil : ["jobId": .int(id)]
      } body: { reply in
        if session.options.json { invocation.terminal.print(reply.text) }
        invocation.terminal.flush()
        last = reply["job"] ?? .null
        if JobWatch.isOver(last) { progress.clear() } else { draw(last, &progress) }
        return true
      }
    } catch {
      progress.clear()
      if error.code == .interrupted {
        invocation.terminal.complain("Job \(id) goes on: planner watch \(id), planner cancel \(id)")
      }
      throw error
    }
    return last
  }

  static func isOver(_ job: JSON) -> Bool {
    job["state"].map { $0.string != "running" } ?? false
  }

  private func draw(_ job: JSON, _ progress: inout ProgressLine) {
    let rate = job["progress"]?["eventsPerSecond"]?.number ?? 0
    progress.show(
      "\(job["kind"]?.string ?? "") \(job["projection"]?.string ?? "")",
      done: job["progress"]?["processed"]?.int ?? 0, total: job["progress"]?["total"]?.int,
      rate > 0 ? "\(Number.grouped(Int(rate))) events/s\(JobWatch.timeLeft(job))" : "")
  }

  private static func timeLeft(_ job: JSON) -> String {
    guard let seconds = job["progress"]?["secondsLeft"]?.number else { return "" }
    return ", \(Number.seconds(seconds)) left"
  }

  /// Says how the job ended, and gives the code that it stands for.
  func tell(_ job: JSON) -> ExitCode {
    let isRight = job["report"]?["equal"]?.bool != false || job["report"]?["mended"]?.bool == true
    let succeeded = job["state"]?.string == "done" && (isRight || job["kind"]?.string == "diff")
    guard !invocation.session.options.json else { return succeeded ? .ok : .fault }
    let terminal = invocation.terminal
    let name = job["projection"]?.string ?? ""
    let done = job["state"]?.string == "done"
    if done {
      if job["kind"]?.string == "rebuild" {
        terminal.print("Rebuilt \(name): \(JobWatch.amount(job))")
      }
      if let report = job["report"] { tell(report, name) }
    } else {
      let reason = job["message"]?.string.map { ": \($0)" } ?? ""
      terminal.complain(
        "\(job["kind"]?.string ?? "job") of \(name) \(job["state"]?.string ?? "ended")\(reason)")
    }
    return succeeded ? .ok : .fault
  }

  private func tell(_ report: JSON, _ name: String) {
    let terminal = invocation.terminal
    let position = "at position \(Number.grouped(report["position"]?.int ?? 0))"
    let tables = report["tables"]?.array ?? []
    if report["equal"]?.bool == true {
      let rows = tables.reduce(0) { $0 + ($1["liveRows"]?.int ?? 0) }
      terminal.print(
        "\(terminal.style.paint("equal", .good))    \(name) \(position), "
          + Number.counted(rows, "row"))
      return
    }
    let word = report["mended"]?.bool == true ? "mended" : "differs"
    terminal.print(
      "\(terminal.style.paint(word, word == "mended" ? .fair : .poor))  \(name) \(position)")
    for table in tables where table["equal"]?.bool != true {
      terminal.print(
        "         \(table["table"]?.string ?? ""): \(table["liveRows"]?.int ?? 0) rows live "
          + "(\(table["live"]?.string ?? "")), \(table["freshRows"]?.int ?? 0) from the log "
          + "(\(table["fresh"]?.string ?? ""))")
    }
    for difference in report["differences"]?.array ?? [] { tell(difference: difference) }
  }

  /// A row that differs, what differs in it, and the events behind it.
  private func tell(difference: JSON) {
    let terminal = invocation.terminal
    let kind = difference["kind"]?.string ?? ""
    let of = difference["total"]?.int.map { $0 > 1 ? " (one of \(Number.grouped($0)))" : "" } ?? ""
    terminal.print(
      TextWidth.sanitized(
        "  \(kind) in \(difference["table"]?.string ?? "")\(of): \((difference["key"] ?? .null).text)"
      ))
    for column in (difference["columns"]?.array ?? []).compactMap(\.string) {
      let before = difference["before"]?[column]?.text ?? "null"
      let after = difference["after"]?[column]?.text ?? "null"
      terminal.print(TextWidth.sanitized("      \(column): \(before) → \(after)"))
    }
    for event in difference["events"]?.array ?? [] {
      let at = event["recordedAt"]?.string ?? ""
      terminal.print(
        TextWidth.sanitized(
          "      event \(event["position"]?.int ?? 0) \(event["type"]?.string ?? "") \(at), "
            + "command \(event["commandId"]?.string ?? "")"))
    }
  }

  private static func amount(_ job: JSON) -> String {
    let events = Number.counted(job["progress"]?["processed"]?.int ?? 0, "event")
    let rate = Int(job["progress"]?["eventsPerSecond"]?.number ?? 0)
    return rate > 0 ? "\(events), \(Number.grouped(rate)) a second" : events
  }
}
