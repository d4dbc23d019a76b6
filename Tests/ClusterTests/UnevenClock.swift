import Scalars
import Synchronization
import TestCommands

/// A clock that goes on by up to ten minutes each time that it is read, and sometimes stands still.
final class UnevenClock: Sendable {
  private struct State {
    var random: SplitMix64
    var microseconds: Int
  }

  private let state: Mutex<State>

  init(seed: UInt64, from start: Instant = Instant("2026-11-14T12:00:00Z")!) {
    state = Mutex(State(random: SplitMix64(seed: seed), microseconds: start.microseconds))
  }

  func now() -> Instant {
    state.withLock { state in
      if Int.random(in: 0..<4, using: &state.random) > 0 {
        state.microseconds += Int.random(in: 1...600_000_000, using: &state.random)
      }
      return Instant(microseconds: state.microseconds)
    }
  }
}
