import EventLoop
import Files
import Glibc
import JSON
import TestSupport

/// A run of a program that nobody here wrote, or of a script that stands on one.
struct ForeignProgram {
  /// The exit code, or 128 + the signal.
  let status: Int32
  let output: String
  let errors: String

  @EventLoop private static var runs = 0

  /// The folder of the Python clients.
  static let scripts = "\(TestCluster.checkout)/Tests/foreign"

  /// An interpreter that has the packages of `Tests/foreign/requirements.txt`.
  static let python = Environment.value("PLANNERD_TEST_PYTHON") ?? "python3"

  /// Runs a program, found on the path, to its end; one that does not come to it is killed.
  @EventLoop
  static func run(
    _ arguments: [String], in directory: String? = nil, limit: Duration = .seconds(120)
  ) async throws -> ForeignProgram {
    runs += 1
    let name = "\(TestCluster.folder)/foreign-\(runs)"
    var options = ChildProcess.Options(["/usr/bin/env"] + arguments)
    options.environment = [
      "PATH": Environment.value("PATH") ?? "/usr/bin:/bin", "HOME": TestCluster.folder,
      "PYTHONDONTWRITEBYTECODE": "1",
    ]
    options.directory = directory
    options.parentDeathSignal = SIGKILL
    let output = try Files.openForAppending("\(name).out")
    let errors = try Files.openForAppending("\(name).err")
    options.standardOutput = output
    options.standardError = errors
    defer {
      close(output)
      close(errors)
    }
    let process = try ChildProcess(options)
    let timer = EventLoop.after(limit) { process.send(SIGKILL) }
    let status = await process.wait()
    timer.cancel()
    return ForeignProgram(
      status: status, output: try Files.read("\(name).out"), errors: try Files.read("\(name).err"))
  }

  /// Runs one of the Python clients, which print a report as JSON.
  @EventLoop
  static func report(_ script: String, _ arguments: [String]) async throws -> JSON {
    let run = try await run([python, "\(scripts)/\(script)"] + arguments)
    guard run.status == 0 else { throw Failure(program: script, run: run) }
    return try JSON.parse(run.output)
  }

  struct Failure: Error, CustomStringConvertible {
    let program: String
    let run: ForeignProgram

    var description: String {
      """
      \(program) ended with \(run.status). Its interpreter, $PLANNERD_TEST_PYTHON or python3, needs the \
      packages of Tests/foreign/requirements.txt.
      \(run.errors)
      """
    }
  }
}

extension JSON {
  /// The strings of an array of strings.
  var strings: [String] { array?.compactMap(\.string) ?? [] }
}
