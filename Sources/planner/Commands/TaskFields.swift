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
    fields["tags"] = try tags(arguments, row)
    fields["recurrence"] = try recurrence(arguments, row)
    return fields
  }

  /// The tags of `--tag` alone, or those that the task has with some more and without some.
  private static func tags(_ arguments: ParsedArguments, _ row: JSON) throws(Failure) -> JSON? {
    let edited = arguments.has("add-tag") || arguments.has("remove-tag")
    guard edited || arguments.has("tag") else { return nil }
    guard edited else { return .array(arguments.all("tag").map { .string($0) }) }
    guard !arguments.has("tag") else {
      throw .usage("--tag says all tags; it does not go with --add-tag and --remove-tag")
    }
    let removed = arguments.all("remove-tag")
    var tags = (row["tags"]?.array ?? []).compactMap(\.string).filter { !removed.contains($0) }
    for tag in arguments.all("add-tag") where !tags.contains(tag) { tags.append(tag) }
    return .array(tags.map { .string($0) })
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

  /// The fields to empty; `due` is whichever form of it there is. (A new day or instant replaces the
  /// other by itself.)
  static func cleared(_ invocation: Invocation, row: JSON) -> [JSON] {
    invocation.arguments.all("clear").flatMap { name in
      let field = clearable.first { $0.name == name }?.field
      return [field == "dueDate" && row["dueAt"] != nil ? "dueAt" : field]
    }.compactMap { $0.map { .string($0) } }
  }
}
