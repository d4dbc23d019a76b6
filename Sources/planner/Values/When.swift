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

  /// Where a weekday or a time of day is looked for: the next one that is not past, or the last that was.
  enum Direction: Sendable { case ahead, back }

  /// Reads a date, an instant (without a zone in local time), `today`, `tomorrow`, `yesterday`, `now`, a
  /// weekday, `last` weekday, each of these days with a time of day or not (`tuesday 14:30`), a time of day
  /// alone, or a time from now (`30m`, `2h`, `3d`, `1w`, `-3d`).
  init?(_ text: String, _ clock: Clock, _ direction: Direction = .ahead) {
    let now = clock.now()
    let word = text.lowercased()
    if let date = CalendarDate(text) {
      self.init(day: date, clock)
    } else if let instant = Instant(text) ?? When.local(text, clock) {
      self.init(instant: instant, date: nil)
    } else if word == "now" {
      self.init(instant: now, date: nil)
    } else if let when = When(relative: word, now, clock.local.date(now)) {
      self = when
    } else {
      self.init(words: word.split(separator: " ").map(String.init), clock, direction)
    }
  }

  /// A day in words, a time of day, or both.
  private init?(words: [String], _ clock: Clock, _ direction: Direction) {
    let length = words.first == "last" ? 2 : 1
    if let days = When.days(Array(words.prefix(length)), clock, direction) {
      let rest = words.dropFirst(length).joined()
      guard !rest.isEmpty else {
        guard let day = When.nearest(days, 0, clock, direction) else { return nil }
        self.init(day: day, clock)
        return
      }
      self.init(time: rest, on: days, clock, direction)
    } else {
      let today = clock.today.daysSinceEpoch
      self.init(time: words.joined(), on: Array(today - 1...today + 1), clock, direction)
    }
  }

  private init?(time: String, on days: [Int], _ clock: Clock, _ direction: Direction) {
    guard let seconds = TimeOfDay.seconds(time),
      let day = When.nearest(days, seconds, clock, direction)
    else { return nil }
    self.init(instant: clock.local.start(of: day, seconds: seconds), date: nil)
  }

  /// The days that words may mean, counted from the epoch.
  private static func days(_ words: [String], _ clock: Clock, _ direction: Direction) -> [Int]? {
    let today = clock.today.daysSinceEpoch
    guard let word = words.last, words.count == 1 || words[0] == "last" else { return nil }
    if words.count == 1 {
      if let days = ["today": 0, "tomorrow": 1, "yesterday": -1][word] { return [today + days] }
      if let date = CalendarDate(word) { return [date.daysSinceEpoch] }
    }
    guard let weekday = weekdays.firstIndex(where: { $0 == word || $0.prefix(3) == word }) else {
      return nil
    }
    let ahead = (weekday - clock.today.weekday + 7) % 7
    if words.count == 2 { return [today + (ahead == 0 ? -7 : ahead - 7)] }
    return direction == .ahead
      ? [today + ahead, today + ahead + 7] : [today + ahead - 7, today + ahead]
  }

  /// Of several days the nearest whose moment lies in the direction; one alone is what was said.
  private static func nearest(
    _ days: [Int], _ seconds: Int, _ clock: Clock, _ direction: Direction
  ) -> CalendarDate? {
    let dates = days.map { CalendarDate(daysSinceEpoch: $0) }
    guard dates.count > 1 else { return dates.first }
    let now = clock.now()
    if direction == .ahead {
      return dates.first { clock.local.start(of: $0, seconds: seconds) > now }
    }
    return dates.last { clock.local.start(of: $0, seconds: seconds) <= now }
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
