import Glibc
import Scalars

/// The time, and how to wait; tests give one of their own.
struct Clock: Sendable {
  let now: @Sendable () -> Instant
  /// Milliseconds of a clock that is never set.
  let uptime: @Sendable () -> Int
  /// Waits some milliseconds, at most until the descriptor is readable; false where it was.
  let pause: @Sendable (Int, Int32?) -> Bool
  let local: LocalTime

  static let system = Clock(
    now: {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      return Instant(microseconds: time.tv_sec * 1_000_000 + time.tv_nsec / 1_000)
    },
    uptime: {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    },
    pause: { milliseconds, interruption in
      var watched = pollfd(fd: interruption ?? -1, events: Int16(POLLIN), revents: 0)
      return poll(&watched, 1, Int32(milliseconds)) <= 0
    },
    local: .system)

  /// This clock, with a time that stands still.
  func standing(at instant: Instant) -> Clock {
    Clock(now: { instant }, uptime: uptime, pause: pause, local: local)
  }

  var today: CalendarDate { local.date(now()) }
}
