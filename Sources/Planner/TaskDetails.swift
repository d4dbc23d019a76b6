import JSON
import Scalars

/// What a command says about a task besides its title and place.
package struct TaskDetails: Equatable, Sendable {
  let description: Edit<Text>
  let notes: Edit<Text>
  let timeEstimate: Edit<TimeEstimate>
  let effortMinutes: Edit<Int>
  let impact: Edit<Impact>
  let priority: Int?
  let dueDate: Edit<CalendarDate>
  let dueAt: Edit<Instant>
  let tags: Edit<Tags>
  let recurrence: Edit<Recurrence>

  static let fields = [
    "description", "notes", "timeEstimate", "effortMinutes", "impact", "priority", "dueDate",
    "dueAt", "tags", "recurrence",
  ]

  init(_ reader: FieldReader) throws(Rejection) {
    description = reader.edit(
      "description", try reader.text("description", atMost: 1_000, .descriptionTooLong),
      isEmpty: \.isEmpty)
    notes = reader.edit(
      "notes", try reader.text("notes", atMost: 4_000, .notesTooLong), isEmpty: \.isEmpty)
    timeEstimate = reader.edit(
      "timeEstimate", try reader.choice("timeEstimate", .unknownTimeEstimate))
    effortMinutes = reader.edit(
      "effortMinutes", try reader.int("effortMinutes", in: 1...480, .effortOutOfRange))
    impact = reader.edit("impact", try reader.choice("impact", .unknownImpact))
    priority = try reader.int("priority", in: 1...5, .priorityOutOfRange)
    dueDate = reader.edit("dueDate", try reader.date("dueDate"))
    dueAt = reader.edit("dueAt", try reader.instant("dueAt"))
    tags = reader.edit("tags", try reader.tags())
    recurrence = reader.edit("recurrence", try reader.recurrence())
    if dueDate.isSet && dueAt.isSet {
      throw Rejection(
        .dueTwice, field: reader.field("dueAt"), limit: "1",
        "\(reader.field("dueAt")) is given together with dueDate; at most one may be.")
    }
  }

  /// A due date takes the place of a due instant, and the other way round.
  func apply(to task: inout TaskFields) {
    task.description = description.applied(to: task.description)
    task.notes = notes.applied(to: task.notes)
    task.timeEstimate = timeEstimate.applied(to: task.timeEstimate)
    task.effortMinutes = effortMinutes.applied(to: task.effortMinutes)
    task.impact = impact.applied(to: task.impact)
    task.priority = priority ?? task.priority
    task.dueDate = dueAt.isSet ? nil : dueDate.applied(to: task.dueDate)
    task.dueAt = dueDate.isSet ? nil : dueAt.applied(to: task.dueAt)
    task.tags = tags.applied(to: task.tags, default: Tags())
    task.recurrence = recurrence.applied(to: task.recurrence)
    task.taskType = task.recurrence == nil ? .adhoc : .recurring
  }
}

extension FieldReader {
  func title() throws(Rejection) -> Text? {
    try text("title", atMost: 256, .titleTooLong, empty: .titleEmpty)
  }

  fileprivate func tags() throws(Rejection) -> Tags? {
    guard let strings = try strings("tags") else { return nil }
    let texts = strings.map { Text(trimming: $0) }
    for (index, tag) in texts.enumerated() {
      let element = "\(field("tags"))[\(index)]"
      guard !tag.isEmpty else {
        throw Rejection(.tagEmpty, field: element, limit: "1", "\(element) must not be empty.")
      }
      guard tag.length <= 50 else { throw .tooLong(.tagTooLong, element, tag.length, 50) }
    }
    let tags = Tags(texts)
    guard tags.length <= 500 else { throw .tooLong(.tagsTooLong, field("tags"), tags.length, 500) }
    return tags
  }

  fileprivate func recurrence() throws(Rejection) -> Recurrence? {
    guard let object = try object("recurrence") else { return nil }
    let reader = try FieldReader(
      .object(object), path: field("recurrence"), fields: ["rule", "anchor", "catchUp", "gate"])
    _ = try reader.required("rule")
    let rule = try reader.string("rule")!
    try RecurrenceSyntax.check(rule, field: reader.field("rule"))
    var recurrence = Recurrence(rule: Text(rule))
    recurrence.anchor = try reader.choice("anchor", .unknownAnchor) ?? recurrence.anchor
    recurrence.catchUp = try reader.choice("catchUp", .unknownCatchUp) ?? recurrence.catchUp
    recurrence.gate = try reader.choice("gate", .unknownGate) ?? recurrence.gate
    return recurrence
  }
}
