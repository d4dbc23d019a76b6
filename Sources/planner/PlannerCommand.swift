import Glibc
import JSON

/// The program `planner`: reads the command line, runs one command, ends with an exit code.
@main
enum PlannerCommand {
  static func main() {
    let terminal = Terminal(environment: environment)
    let code = run(Array(CommandLine.arguments.dropFirst()), terminal)
    terminal.flush()
    exit(code.rawValue)
  }

  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  private static func run(_ words: [String], _ terminal: Terminal) -> ExitCode {
    let asJSON = words.prefix { $0 != "--" }.contains("--json")
    do throws(Failure) {
      switch try ArgumentParser(commands: CommandTable.commands).parse(words) {
      case .version: terminal.print("planner \(version)")
      case .help(let path): terminal.print(trimmed(HelpText.text(path, CommandTable.commands)))
      case .run(let command, let arguments):
        let session = Session(
          GlobalOptions(arguments), clock: .system, terminal: terminal, environment: environment)
        defer {
          terminal.flush()
          session.awaitViews()
        }
        try command.run(
          Invocation(arguments: arguments, session: session, terminal: terminal))
      }
      return .ok
    } catch {
      report(error, asJSON, terminal)
      return error.code
    }
  }

  /// The version of the client; the daemon tells its own in `planner status`.
  static let version = "0.1.0"

  private static func report(_ failure: Failure, _ asJSON: Bool, _ terminal: Terminal) {
    if asJSON, let reply = failure.reply {
      terminal.complain(reply.text)
    } else if !failure.message.isEmpty {
      let label = terminal.errorStyle.paint("planner:", .poor)
      terminal.complain("\(label) \(TextWidth.sanitized(failure.message, keepingNewlines: true))")
    }
  }

  private static func trimmed(_ text: String) -> String {
    var text = text
    while text.last == "\n" { text.removeLast() }
    return text
  }
}
