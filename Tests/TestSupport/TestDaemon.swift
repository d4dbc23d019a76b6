package import EventLoop
internal import Files
internal import Glibc

/// A `plannerd` of a test's own: the built program with a data folder of its own.
@EventLoop
package final class TestDaemon {
  /// Of the test's own: it holds log, socket and, unless others are given, the data.
  package let folder: String
  package let data: String
  package let socket: String
  package private(set) var process: ChildProcess?
  private let arguments: [String]

  private static var count = 0

  /// The folder of the programs that were built with the tests.
  package nonisolated static let programs = Files.folder(of: Files.executable)

  /// `arguments` come on top of data folder, socket and projections.
  package init(arguments: [String] = [], data: String? = nil, socket: String? = nil) throws {
    TestDaemon.count += 1
    folder = "\(TestCluster.folder)/daemon-\(TestDaemon.count)"
    try Files.makeFolder(folder)
    self.data = data ?? "\(folder)/data"
    self.socket = socket ?? "\(folder)/s"
    self.arguments = arguments
  }

  /// A daemon on a database of its own in the throwaway Postgres: sooner ready than one with a private cluster.
  package static func onTestCluster(arguments: [String] = []) async throws -> TestDaemon {
    let database = try await TestCluster.database()
    return try TestDaemon(arguments: ["--database", database.url] + arguments)
  }

  package var logText: String { (try? Files.read("\(folder)/log")) ?? "" }

  /// Starts the program and returns when its socket takes connections.
  package func start() async throws {
    try launch()
    var isReady = false
    await EventLoop.poll(every: .milliseconds(5), patience: .seconds(180)) {
      guard let client = try? TestClient(socket) else { return process?.status != nil }
      client.close()
      isReady = true
      return true
    }
    if !isReady { throw StartFailure(log: logText) }
  }

  /// Starts the program and returns at once.
  package func launch() throws {
    var options = ChildProcess.Options(
      ["\(TestDaemon.programs)/plannerd", "--data", data, "--socket", socket] + arguments)
    options.environment = TestDaemon.environment
    let log = try Files.openForAppending("\(folder)/log")
    defer { close(log) }
    options.standardError = log
    options.standardOutput = log
    options.parentDeathSignal = SIGTERM
    process = try ChildProcess(options)
  }

  package struct StartFailure: Error { package let log: String }

  /// Stops it in order.
  package func stop() async {
    process?.send(SIGTERM)
    _ = await process?.wait()
  }

  /// Ends it as a power cut would.
  package func kill() async {
    process?.send(SIGKILL)
    _ = await process?.wait()
  }

  /// The pid of its Postgres; nil while there is none.
  package var postgresPID: Int32? {
    guard let text = try? Files.read("\(data)/postgres/data/postmaster.pid") else {
      return nil
    }
    return text.split(separator: "\n").first.flatMap { Int32($0) }
  }

  package func client() throws -> TestClient { try TestClient(socket) }

  private static let environment: [String: String] = {
    var environment = ["PATH": Environment.value("PATH") ?? "/usr/bin:/bin", "HOME": "/tmp"]
    // Coverage of programs that tests start: of lines, and of SQL in their Postgres.
    for name in ["LLVM_PROFILE_FILE", "PLANNERD_POSTGRES_BIN"] {
      environment[name] = Environment.value(name)
    }
    return environment
  }()
}
