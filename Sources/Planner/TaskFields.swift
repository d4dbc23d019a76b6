package import Scalars

/// A task of a theme or, without one, of the inbox.
package struct TaskFields: Record {
  package var themeID: ThemeID?
  package var title = Text("")
  package var description: Text?
  package var notes: Text?
  package var timeEstimate: TimeEstimate?
  package var effortMinutes: Int?
  package var impact: Impact?
  /// 1 to 5, 5 the most important.
  package var priority = 3
  package var status = TaskStatus.open
  package var dueDate: CalendarDate?
  package var dueAt: Instant?
  package var snoozedUntil: Instant?
  package var completedAt: Instant?
  /// The order within the theme or the inbox.
  package var rank = 0
  package var tags = Tags()
  package var taskType = TaskType.adhoc
  package var recurrence: Recurrence?

  package init() {}

  package static let schema = Schema<TaskFields>(
    StoredField("themeId", \.themeID),
    StoredField("title", \.title),
    StoredField("description", \.description),
    StoredField("notes", \.notes),
    StoredField("timeEstimate", \.timeEstimate),
    StoredField("effortMinutes", \.effortMinutes),
    StoredField("impact", \.impact),
    StoredField("priority", \.priority),
    StoredField("status", \.status),
    StoredField("dueDate", \.dueDate),
    StoredField("dueAt", \.dueAt),
    StoredField("snoozedUntil", \.snoozedUntil),
    StoredField("completedAt", \.completedAt),
    StoredField("rank", \.rank),
    StoredField("tags", \.tags),
    StoredField("taskType", \.taskType),
    StoredField("recurrence", \.recurrence))

  static let placeFields = schema.mask("themeId", "rank")
  static let statusFields = schema.mask("status", "completedAt")
  static let snoozeFields = schema.mask("snoozedUntil")
}
