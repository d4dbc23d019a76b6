import EventLoop
import Files
import JSON
import TestSupport

/// Runs of programs that nobody here wrote, or of scripts that stand on them.
@EventLoop
enum ForeignProgram {
  /// The folder of the Python clients.
  static let scripts = "\(TestCluster.checkout)/Tests/foreign"

  /// An interpreter that has the packages of `ops/test-requirements.txt`.
  static let python = Environment.value("PLANNERD_TEST_PYTHON") ?? "python3"

  /// Runs a program, found on the path; one that does not come to an end is killed.
  static func run(_ arguments: [String]) async throws -> TestProgram {
    try await TestProgram.run(["/usr/bin/env", "timeout", "-s", "KILL", "120"] + arguments)
  }

  /// Runs one of the Python clients, which print a report as JSON.
  static func report(_ script: String, _ arguments: [String]) async throws -> JSON {
    let run = try await run([python, "\(scripts)/\(script)"] + arguments)
    guard run.status == 0 else { throw ForeignFailure(program: script, run: run) }
    return try JSON.parse(run.output)
  }
}

/// A foreign program that did not do what was asked.
struct ForeignFailure: Error, CustomStringConvertible {
  let description: String

  @EventLoop init(program: String, run: TestProgram) {
    description = """
      \(program) ended with \(run.status). Its interpreter, $PLANNERD_TEST_PYTHON or python3, needs \
      the packages of ops/test-requirements.txt.
      \(run.errors)
      """
  }
}

extension JSON {
  /// The strings of an array of strings.
  var strings: [String] { array?.compactMap(\.string) ?? [] }
}
