import Scalars

/// A task of a theme or, without one, of the inbox.
package struct TaskFields: Record {
  var themeID: ThemeID?
  var title = Text("")
  var description: Text?
  var notes: Text?
  var timeEstimate: TimeEstimate?
  var effortMinutes: Int?
  var impact: Impact?
  /// 1 to 5, 5 the most important.
  var priority = 3
  var status = TaskStatus.open
  var dueDate: CalendarDate?
  var dueAt: Instant?
  var snoozedUntil: Instant?
  var completedAt: Instant?
  /// The order within the theme or the inbox.
  var rank = 0
  var tags = Tags()
  var taskType = TaskType.adhoc
  var recurrence: Recurrence?

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

  static let themeField = schema.mask("themeId")
  static let rankField = schema.mask("rank")
  static let dueDateField = schema.mask("dueDate")
  static let dueAtField = schema.mask("dueAt")
  static let placeFields = schema.mask("themeId", "rank")
  static let statusFields = schema.mask("status", "completedAt")
  static let snoozeFields = schema.mask("snoozedUntil")
}
