import Scalars

/// A time as a person types it: a day, or a moment.
struct When: Equatable, Sendable {
  /// The moment; of a day its first.
  let instant: Instant
  /// The day, where that is as exact as it was said.
  let date: CalendarDate?

  private static let weekdays = [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  ]

  /// Reads a date, an instant (without a zone in local time), `today`, `tomorrow`, `yesterday`, `now`, a
  /// weekday (the next one), or a time from now (`30m`, `2h`, `3d`, `1w`, `-3d`).
  init?(_ text: String, _ clock: Clock) {
    let now = clock.now()
    let today = clock.local.date(now)
    let word = text.lowercased()
    if let date = CalendarDate(text) {
      self.init(day: date, clock)
    } else if let instant = Instant(text) ?? When.local(text, clock) {
      self.init(instant: instant, date: nil)
    } else if let days = ["today": 0, "tomorrow": 1, "yesterday": -1][word] {
      self.init(day: CalendarDate(daysSinceEpoch: today.daysSinceEpoch + days), clock)
    } else if word == "now" {
      self.init(instant: now, date: nil)
    } else if let weekday = When.weekdays.firstIndex(where: { $0 == word || $0.prefix(3) == word })
    {
      let ahead = (weekday - today.weekday + 6) % 7 + 1
      self.init(day: CalendarDate(daysSinceEpoch: today.daysSinceEpoch + ahead), clock)
    } else {
      self.init(relative: word, now, today)
    }
  }

  private init(instant: Instant, date: CalendarDate?) {
    self.instant = instant
    self.date = date
  }

  private init(day: CalendarDate, _ clock: Clock) {
    self.init(instant: clock.local.start(of: day), date: day)
  }

  private init?(relative word: String, _ now: Instant, _ today: CalendarDate) {
    guard let unit = word.last, let count = Int(word.dropLast()), count.magnitude < 100_000 else {
      return nil
    }
    let days: Int?
    let seconds: Int
    switch unit {
    case "m": (days, seconds) = (nil, 60)
    case "h": (days, seconds) = (nil, 3_600)
    case "d": (days, seconds) = (count, 86_400)
    case "w": (days, seconds) = (count * 7, 604_800)
    default: return nil
    }
    instant = now.adding(seconds: count * seconds)
    date = days.map { CalendarDate(daysSinceEpoch: today.daysSinceEpoch + $0) }
  }

  /// `2026-11-25T09:00` or with a space, and with seconds or not.
  private static func local(_ text: String, _ clock: Clock) -> Instant? {
    guard text.utf8.count == 16 || text.utf8.count == 19 else { return nil }
    let full = text + (text.utf8.count == 16 ? ":00Z" : "Z")
    guard let utc = Instant(full) else { return nil }
    let seconds = (utc.microseconds - Instant(utc.date).microseconds) / 1_000_000
    return clock.local.start(of: utc.date, seconds: seconds)
  }
}
