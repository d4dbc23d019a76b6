internal import Glibc
package import Scalars

/// The clock on the wall.
package enum WallClock {
  package static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(microseconds: time.tv_sec * 1_000_000 + time.tv_nsec / 1_000)
  }
}
