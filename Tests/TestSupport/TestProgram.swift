package import EventLoop
package import Files
internal import Glibc

/// A program that a test runs to its end: what it printed and how it ended.
@EventLoop
package struct TestProgram {
  package let status: Int32
  package let output: String
  package let errors: String

  private static var count = 0

  /// Runs a program by its full path, on an input of text, as another user where one is given.
  package static func run(
    _ arguments: [String], input: String = "", user: SystemUser? = nil
  ) async throws -> TestProgram {
    count += 1
    let base = "\(TestCluster.folder)/program-\(count)"
    try Files.write(input, to: "\(base).in")
    let source = open("\(base).in", O_RDONLY | O_CLOEXEC)
    let output = try Files.openForAppending("\(base).out")
    let errors = try Files.openForAppending("\(base).err")
    defer { for descriptor in [source, output, errors] { close(descriptor) } }
    var options = ChildProcess.Options(arguments)
    options.environment = [
      "PATH": Environment.value("PATH") ?? "/usr/bin:/bin", "HOME": "/tmp", "LC_ALL": "C.UTF-8",
      "PYTHONDONTWRITEBYTECODE": "1",
    ]
    options.environment["LLVM_PROFILE_FILE"] = Environment.value("LLVM_PROFILE_FILE")
    options.standardInput = source
    options.standardOutput = output
    options.standardError = errors
    options.parentDeathSignal = SIGTERM
    options.user = user.map { ($0.uid, $0.gid) }
    let status = try await ChildProcess(options).wait()
    return TestProgram(
      status: status, output: try Files.read("\(base).out"), errors: try Files.read("\(base).err"))
  }

  /// Runs one of the programs that were built with the tests.
  package static func built(_ name: String, _ arguments: [String], input: String = "")
    async throws -> TestProgram
  {
    try await run(["\(TestDaemon.programs)/\(name)"] + arguments, input: input)
  }

  /// Runs one of the oracle's readings.
  package static func oracle(_ name: String, _ arguments: [String] = [], input: String = "")
    async throws -> TestProgram
  {
    try await run(
      ["/usr/bin/env", "python3", "\(TestCluster.checkout)/Tests/oracle/\(name)"] + arguments,
      input: input)
  }
}
