/// What the program ends with: a code for each class of failure, told by `planner --help`.
enum ExitCode: Int32, CaseIterable, Sendable {
  case ok = 0
  case fault = 1
  case usage = 2
  case rejected = 3
  case conflict = 4
  case notFound = 5
  case ambiguous = 6
  case noDaemon = 7
  case outcomeUnknown = 8
  case notPermitted = 9
  case databaseUnavailable = 10
  case interrupted = 130

  var meaning: String {
    switch self {
    case .ok: "done"
    case .fault: "something failed, or a view differs, or the log is damaged"
    case .usage: "the command line, or a line of input, is not understood"
    case .rejected: "a rule said no"
    case .conflict: "another version than expected, or a command id used before"
    case .notFound: "nothing of that name or id"
    case .ambiguous: "a name that means several things"
    case .noDaemon: "no daemon answers at the socket"
    case .outcomeUnknown: "the answer was lost: whether it was done is unknown"
    case .notPermitted: "not permitted"
    case .databaseUnavailable: "the daemon has no database at the moment; nothing was written"
    case .interrupted: "interrupted"
    }
  }
}
