import Glibc
import Scalars

/// The zone that a person's times are read and shown in.
struct LocalTime: Sendable {
  /// Seconds east of UTC at an instant.
  let offset: @Sendable (Instant) -> Int

  /// The process's own zone ($TZ, else the machine's).
  static let system = LocalTime { instant in
    var seconds = time_t(instant.microseconds / 1_000_000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return Int(parts.tm_gmtoff)
  }

  static let utc = LocalTime { _ in 0 }

  func date(_ instant: Instant) -> CalendarDate { shifted(instant).date }

  /// The first moment of a day.
  func start(of date: CalendarDate, seconds: Int = 0) -> Instant {
    let midnight = Instant(date, seconds: seconds)
    // The offset at the guess may be that of the other side of a change of the clocks.
    let guess = midnight.adding(seconds: -offset(midnight))
    return midnight.adding(seconds: -offset(guess))
  }

  /// `2026-11-25 09:00`.
  func text(_ instant: Instant) -> String {
    String(shifted(instant).description.prefix(16)).replacingT
  }

  /// `09:00:05`.
  func clock(_ instant: Instant) -> String {
    String(shifted(instant).description.dropFirst(11).prefix(8))
  }

  private func shifted(_ instant: Instant) -> Instant {
    instant.adding(seconds: offset(instant))
  }
}

extension Instant {
  func adding(seconds: Int) -> Instant {
    Instant(microseconds: microseconds + seconds * 1_000_000)
  }
}

extension String {
  fileprivate var replacingT: String { String(map { $0 == "T" ? " " : $0 }) }
}
