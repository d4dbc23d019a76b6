import JSON
import Scalars

/// The options that fill a task's fields, shared by `task add` and `task edit`.
enum TaskFields {
  static let options: [OptionSpec] = [
    OptionSpec("description", .text("TEXT"), "What it is about"),
    OptionSpec("notes", .text("TEXT"), "Notes"),
    OptionSpec("estimate", .choice(["15m", "30m", "1h", "2h+"]), "How long it takes, roughly"),
    OptionSpec("effort", .integer("MINUTES", 1...480), "How many minutes it takes"),
    OptionSpec("impact", .choice(["H", "M", "L"]), "High, medium or low"),
    OptionSpec("priority", .integer("1-5", 1...5), "5 is the most important"),
    OptionSpec("due", .time("TIME"), "A day or an instant"),
    OptionSpec("tag", .text("TAG"), repeats: true, "A tag"),
    OptionSpec("repeat", .text("RRULE"), "An RFC 5545 rule, such as FREQ=WEEKLY"),
    OptionSpec("anchor", .choice(["due", "completion"]), "From where the next one is counted"),
    OptionSpec("catch-up", .choice(["all", "next", "single"]), "What becomes of missed ones"),
    OptionSpec(
      "gate", .choice(["schedule", "afterDone"]), "Whether one waits for the one before it"),
  ]

  /// The names of `--clear`, and the fields that they empty.
  static let clearable: [(name: String, field: String)] = [
    ("description", "description"), ("notes", "notes"), ("estimate", "timeEstimate"),
    ("effort", "effortMinutes"), ("impact", "impact"), ("due", "dueDate"), ("tags", "tags"),
    ("repeat", "recurrence"),
  ]

  /// The fields that the options of an invocation give. `row` is the task as it is, where it exists.
  static func given(_ invocation: Invocation, row: JSON = .null) throws(Failure) -> JSONObject {
    let arguments = invocation.arguments
    var fields: JSONObject = [:]
    invocation.take(["description", "notes", "impact"], into: &fields)
    fields["timeEstimate"] = arguments["estimate"].map { .string($0) }
    fields["effortMinutes"] = arguments.integer("effort").map { .int($0) }
    fields["priority"] = arguments.integer("priority").map { .int($0) }
    if let due = try invocation.time("due") {
      if let date = due.date {
        fields["dueDate"] = .string(date.description)
      } else {
        fields["dueAt"] = .string(due.instant.description)
      }
    }
    if arguments.has("tag") {
      fields["tags"] = .array(arguments.all("tag").map { .string($0) })
    }
    fields["recurrence"] = try recurrence(arguments, row)
    return fields
  }

  /// A rule and its switches; a switch alone keeps the rule that the task has.
  private static func recurrence(_ arguments: ParsedArguments, _ row: JSON) throws(Failure) -> JSON?
  {
    let switches = [("anchor", "anchor"), ("catch-up", "catchUp"), ("gate", "gate")]
    var recurrence = row["recurrence"]?.object ?? [:]
    for (option, field) in switches {
      if let value = arguments[option] { recurrence[field] = .string(value) }
    }
    if let rule = arguments["repeat"] { recurrence["rule"] = .string(rule) }
    guard arguments.has("repeat") || switches.contains(where: { arguments.has($0.0) }) else {
      return nil
    }
    guard recurrence["rule"] != nil else {
      throw .usage("--anchor, --catch-up and --gate need a rule: --repeat RRULE")
    }
    return .object(recurrence)
  }

  /// The fields to empty: those named, and the other form of the due time where one replaces it.
  static func cleared(
    _ invocation: Invocation, row: JSON, given: JSONObject
  ) -> [JSON] {
    var fields: [String] = []
    for name in invocation.arguments.all("clear") {
      if name == "due" {
        fields += row["dueAt"] != nil ? ["dueAt"] : ["dueDate"]
      } else {
        fields += clearable.filter { $0.name == name }.map(\.field)
      }
    }
    if given["dueDate"] != nil && row["dueAt"] != nil { fields.append("dueAt") }
    if given["dueAt"] != nil && row["dueDate"] != nil { fields.append("dueDate") }
    return fields.map { .string($0) }
  }
}
