internal import EventLoop
package import Testing

/// Only so many tests of a suite that takes turns run at a time, whichever suites they are of: each starts a daemon's
/// parts or whole daemons of its own, and forty at once would only wait for one another.
package struct Turns: SuiteTrait, TestTrait, TestScoping {
  package let isRecursive = true

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    // A suite takes no turn, its tests do.
    guard testCase != nil else { return try await function() }
    await Turns.begin(limit)
    do {
      try await function()
    } catch {
      await Turns.end()
      throw error
    }
    await Turns.end()
  }

  fileprivate let limit: Int

  @EventLoop private static var running = 0
  @EventLoop private static var waiting: [Signal] = []

  @EventLoop private static func begin(_ limit: Int) async {
    if running < limit {
      running += 1
    } else {
      let turn = Signal()
      waiting.append(turn)
      await turn.wait()
    }
  }

  @EventLoop private static func end() {
    if waiting.isEmpty {
      running -= 1
    } else {
      waiting.removeFirst().fire()
    }
  }
}

extension Trait where Self == Turns {
  /// Two at a time: tests with daemons of their own.
  package static var turns: Turns { Turns(limit: 2) }
  /// Six at a time: tests with databases of their own.
  package static var clusterTurns: Turns { Turns(limit: 6) }
}
