/// A field with a fixed set of values; the raw values are wire and storage.
package protocol Choice: Stored, CaseIterable, RawRepresentable<String> {}

extension Choice {
  static var names: [String] { allCases.map(\.rawValue) }
}

/// The half of life that a pillar belongs to.
package enum LifeDomain: String, Choice { case work, personal }

/// How long a task is thought to take.
package enum TimeEstimate: String, Choice {
  case quarterHour = "15m"
  case halfHour = "30m"
  case hour = "1h"
  case twoHoursOrMore = "2h+"
}

/// How much a task matters once it is done.
package enum Impact: String, Choice {
  case high = "H"
  case medium = "M"
  case low = "L"
}

/// How far a task is.
package enum TaskStatus: String, Choice { case open, inProgress, done }

/// Whether a task comes again.
package enum TaskType: String, Choice { case adhoc, recurring }

/// A day of the week.
package enum Weekday: String, Choice {
  case monday, tuesday, wednesday, thursday, friday, saturday, sunday
}

/// What the next occurrence is reckoned from.
package enum RecurrenceAnchor: String, Choice { case due, completion }

/// Which of the missed occurrences are made up for.
package enum RecurrenceCatchUp: String, Choice { case all, next, single }

/// What lets the next occurrence appear.
package enum RecurrenceGate: String, Choice { case schedule, afterDone }
