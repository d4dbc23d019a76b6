import JSON

/// Why a command ends early: its exit code, and what to tell the person.
struct Failure: Error, Equatable {
  let code: ExitCode
  /// One or several lines for standard error; empty where all has been said.
  let message: String
  /// The error reply behind it, for `--json`.
  var reply: JSON?

  init(_ code: ExitCode, _ message: String, reply: JSON? = nil) {
    self.code = code
    self.message = message
    self.reply = reply
  }

  static func usage(_ message: String) -> Failure { Failure(.usage, message) }

  /// All has been said already; only the code is left.
  static func silent(_ code: ExitCode) -> Failure { Failure(code, "") }
}
