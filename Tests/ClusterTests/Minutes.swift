import Scalars
import Synchronization

/// A clock that a test moves by minutes.
final class Minutes: Sendable {
  private let passed = Mutex(0)

  var now: Instant {
    Instant(microseconds: PlannerFixture.now.microseconds + passed.withLock { $0 } * 60_000_000)
  }

  func pass(_ count: Int = 1) { passed.withLock { $0 += count } }
}
