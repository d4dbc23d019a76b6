import JSON
import Scalars

/// Makes a task.
package struct CreateTask: Equatable, Sendable {
  let taskID: TaskID
  /// Nil for the inbox.
  let themeID: ThemeID?
  let title: Text
  let details: TaskDetails

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "createTask", fields: ["taskId", "themeId", "title"] + TaskDetails.fields)
    taskID = try reader.id()
    themeID = try reader.optionalID(ThemeID.member)
    _ = try reader.required("title")
    title = try reader.title()!
    details = try TaskDetails(reader)
  }
}

/// Changes the given fields of a task and empties the cleared ones.
package struct ChangeTask: Equatable, Sendable {
  let taskID: TaskID
  let title: Text?
  let details: TaskDetails

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "changeTask", fields: ["taskId", "title"] + TaskDetails.fields,
      clearable: TaskDetails.fields.filter { $0 != "priority" })
    taskID = try reader.id()
    title = try reader.title()
    details = try TaskDetails(reader)
  }
}

/// Moves a task to another place, or within its own.
package struct MoveTask: Equatable, Sendable {
  let taskID: TaskID
  /// Nil where it is not said; `.some(nil)` is the inbox.
  let place: ThemeID??
  let target: Target

  /// Where in the place.
  package enum Target: Equatable, Sendable {
    case end
    case before(TaskID)
    case after(TaskID)
  }

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "moveTask",
      fields: ["taskId", "themeId", "inbox", "beforeTaskId", "afterTaskId"])
    taskID = try reader.id()
    place = try MoveTask.place(reader)
    target = try MoveTask.target(reader)
  }

  private static func place(_ reader: FieldReader) throws(Rejection) -> ThemeID?? {
    let theme: ThemeID? = try reader.optionalID(ThemeID.member)
    guard try reader.bool("inbox") == true else { return theme.map { .some($0) } }
    guard theme == nil else {
      throw Rejection(
        .placeTwice, field: reader.field("inbox"), limit: "1",
        "\(reader.field("inbox")) is given together with themeId; a task is in one place.")
    }
    return .some(nil)
  }

  private static func target(_ reader: FieldReader) throws(Rejection) -> Target {
    let before: TaskID? = try reader.optionalID("beforeTaskId")
    let after: TaskID? = try reader.optionalID("afterTaskId")
    switch (before, after) {
    case (nil, nil): return .end
    case (let before?, nil): return .before(before)
    case (nil, let after?): return .after(after)
    default:
      throw Rejection(
        .beforeAndAfter, field: reader.field("afterTaskId"), limit: "1",
        "\(reader.field("afterTaskId")) is given together with beforeTaskId; at most one may be.")
    }
  }
}

/// Starts, completes, reopens, wakes or removes a task: the command's name says which.
package struct TaskReference: Equatable, Sendable {
  let taskID: TaskID

  init(_ json: JSON, path: String) throws(Rejection) {
    taskID = try FieldReader(json, path: path, fields: ["taskId"]).id()
  }
}

/// Puts a task out of sight until a later time.
package struct SnoozeTask: Equatable, Sendable {
  let taskID: TaskID
  let until: Instant

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(json, path: "snoozeTask", fields: ["taskId", "until"])
    taskID = try reader.id()
    _ = try reader.required("until")
    until = try reader.instant("until")!
  }
}
