import Glibc
import Scalars

/// The wall clock.
enum Clock {
  @Sendable static func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(microseconds: time.tv_sec * 1_000_000 + time.tv_nsec / 1_000)
  }
}
