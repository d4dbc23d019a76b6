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
