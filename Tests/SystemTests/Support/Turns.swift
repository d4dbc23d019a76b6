import EventLoop
import Testing

/// Two tests of a suite that takes turns run at a time, whichever suites they are of: each starts daemons of its
/// own, and forty at once would only wait for one another.
struct Turns: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Turns.begin()
    do {
      try await function()
    } catch {
      await Turns.end()
      throw error
    }
    await Turns.end()
  }

  @EventLoop private static var free = 2
  @EventLoop private static var waiting: [Signal] = []

  @EventLoop private static func begin() async {
    if free > 0 {
      free -= 1
    } else {
      let turn = Signal()
      waiting.append(turn)
      await turn.wait()
    }
  }

  @EventLoop private static func end() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().fire()
    }
  }
}

extension Trait where Self == Turns {
  /// Two tests at a time, of all suites that have this trait.
  static var turns: Turns { Turns() }
}
