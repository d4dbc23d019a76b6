import JSON
import Scalars

/// When a task is due, as a person says it.
struct RelativeDate: Equatable {
  let text: String
  let tone: Tone

  /// Of the `dueDate` or `dueAt` of a task's row; nil where it has neither.
  init?(task row: JSON, _ clock: Clock) {
    let isDone = row["status"]?.string == "done"
    if let at = row["dueAt"]?.string.flatMap({ Instant($0) }) {
      self.init(at: at, isDone: isDone, clock)
    } else if let date = row["dueDate"]?.string.flatMap({ CalendarDate($0) }) {
      self.init(date: date, isDone: isDone, clock)
    } else {
      return nil
    }
  }

  init(date: CalendarDate, isDone: Bool = false, _ clock: Clock) {
    guard !isDone else {
      self.init(text: date.description, tone: .done)
      return
    }
    let days = date.daysSinceEpoch - clock.today.daysSinceEpoch
    self.init(text: RelativeDate.days(days, date), tone: RelativeDate.tone(days))
  }

  init(at instant: Instant, isDone: Bool = false, _ clock: Clock) {
    let date = clock.local.date(instant)
    let days = date.daysSinceEpoch - clock.today.daysSinceEpoch
    let minutes = (instant.microseconds - clock.now().microseconds) / 60_000_000
    if isDone {
      self.init(text: clock.local.text(instant), tone: .done)
    } else if minutes.magnitude < 24 * 60 {
      let span = RelativeDate.span(minutes: Int(minutes.magnitude))
      let late = instant < clock.now()
      self.init(text: late ? "\(span) overdue" : "in \(span)", tone: late ? .overdue : .soon)
    } else {
      let text = RelativeDate.days(days, date)
      let clockText = days < 0 ? "" : " at \(clock.local.clock(instant).prefix(5))"
      self.init(text: text + clockText, tone: RelativeDate.tone(days))
    }
  }

  private init(text: String, tone: Tone) {
    self.text = text
    self.tone = tone
  }

  private static func days(_ days: Int, _ date: CalendarDate) -> String {
    switch days {
    case 0: "today"
    case 1: "tomorrow"
    case 2...30: "in \(days) days"
    case -1: "1 day overdue"
    case ..<0: "\(-days) days overdue"
    default: date.description
    }
  }

  private static func tone(_ days: Int) -> Tone {
    days < 0 ? .overdue : days <= 1 ? .soon : .plain
  }

  /// `5 minutes`, `3 hours`.
  private static func span(minutes: Int) -> String {
    minutes < 60 ? Number.counted(minutes, "minute") : Number.counted((minutes + 30) / 60, "hour")
  }

  /// How long ago something was: `just now`, `5 minutes ago`, `yesterday`, `3 days ago`, else the date.
  static func ago(_ instant: Instant, _ clock: Clock) -> String {
    let minutes = (clock.now().microseconds - instant.microseconds) / 60_000_000
    if minutes < 0 { return clock.local.text(instant) }
    if minutes < 1 { return "just now" }
    if minutes < 12 * 60 { return "\(span(minutes: minutes)) ago" }
    let date = clock.local.date(instant)
    let days = clock.today.daysSinceEpoch - date.daysSinceEpoch
    switch days {
    case 0: return "today"
    case 1: return "yesterday"
    case 2...30: return "\(days) days ago"
    default: return date.description
    }
  }
}
