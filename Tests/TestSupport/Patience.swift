internal import EventLoop

/// Waiting for what sends no signal: a condition is asked again and again, for a bounded time.
package enum Patience {
  /// The condition did not come true in time.
  package struct Exhausted: Error { package let what: String }

  /// Returns when the condition holds, and fails when it does not within `bound`.
  @EventLoop
  package static func until(
    _ what: @autoclosure () -> String, within bound: Duration = .seconds(30),
    _ condition: () async -> Bool
  ) async throws {
    let holds = await EventLoop.poll(
      every: .milliseconds(3), patience: bound, until: condition)
    guard holds else { throw Exhausted(what: what()) }
  }

  /// Lets everything else go on for a time that a random test has drawn.
  @EventLoop
  package static func pass(_ duration: Duration) async {
    let over = Signal()
    EventLoop.after(duration) { over.fire() }
    await over.wait()
  }
}
