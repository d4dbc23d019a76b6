import EventLoop
import TestSupport
import Testing

/// A daemon that the tests of a suite share, started before the first of them and stopped after the last.
struct SharedDaemon: SuiteTrait, TestScoping {
  let arguments: [String]

  @TaskLocal private static var running: TestDaemon?

  /// The daemon of the suite whose test runs.
  static var current: TestDaemon {
    guard let running else { preconditionFailure("the suite has no .daemon()") }
    return running
  }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let daemon = try await SharedDaemon.start(arguments)
    do {
      try await SharedDaemon.$running.withValue(daemon) { try await function() }
    } catch {
      await daemon.stop()
      throw error
    }
    await daemon.stop()
  }

  @EventLoop
  private static func start(_ arguments: [String]) async throws -> TestDaemon {
    // More than a suite's tests open at once; those about the bound give another, which comes last and counts.
    let daemon = try TestDaemon(arguments: ["--connections-per-user", "500"] + arguments)
    try await daemon.startInTurn()
    return daemon
  }
}

extension TestDaemon {
  @EventLoop private static var lastStart: Task<Void, any Error>?

  /// Starts once all others that were told to before have started: each makes a cluster, and a dozen at once take longer
  /// than one after the other.
  @EventLoop
  func startInTurn() async throws {
    let before = TestDaemon.lastStart
    let start = Task { @EventLoop in
      _ = await before?.result
      try await self.start()
    }
    TestDaemon.lastStart = start
    try await start.value
  }
}

extension Trait where Self == SharedDaemon {
  /// The suite's tests share a daemon of these arguments.
  static func daemon(_ arguments: [String] = []) -> SharedDaemon {
    SharedDaemon(arguments: arguments)
  }
}
