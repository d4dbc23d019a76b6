import JSON
import Scalars

/// An event of the log in words: `Rated Sleep 70 % (was 55 %)`.
struct EventSentence {
  let local: LocalTime
  /// The name of a thing whose event does not say it.
  let name: (Thing.Kind, String) -> String

  func text(_ type: String, _ data: JSON) -> String {
    let subject = subject(type, data)
    let after = data["after"] ?? [:]
    let before = data["before"] ?? [:]
    switch type {
    case _ where data == .null: return "\(type), erased"
    case "PlannerOpened": return "Opened the planner"
    case "PersonSeen": return "First seen: uid \(data["uid"]?.int ?? -1)"
    case "EventsErased":
      return "Erased the contents of \(Number.counted(data["events"]?.int ?? 0, "event"))"
    case "ThemeRated": return rated(subject, before, after)
    case "TaskMoved":
      let theme = after["themeId"]?.string.map { name(.theme, $0) } ?? "the inbox"
      let isSame = after["themeId"] == before["themeId"]
      return "Moved \(subject) \(isSame ? "within" : "to") \(theme)"
    case "TaskSnoozed": return "Snoozed \(subject) until \(value(after["snoozedUntil"]))"
    case "CommandUndone": return "Undid command \(data["commandId"]?.string ?? "")"
    case "CommandRedone": return "Redid command \(data["commandId"]?.string ?? "")"
    case "TasksReranked": return "Ranked tasks anew"
    case "PreferencesChanged": return "Set preferences: \(changes(before, after))"
    default: break
    }
    if let verb = EventSentence.verbs.first(where: { type.hasSuffix($0.suffix) }) {
      let details = verb.suffix == "Changed" ? ": \(changes(before, after))" : ""
      return "\(verb.verb) \(subject)\(details)"
    }
    return "\(type) \(data.text)"
  }

  private static let verbs = [
    (suffix: "Created", verb: "Added"), (suffix: "Changed", verb: "Changed"),
    (suffix: "Removed", verb: "Removed"), (suffix: "Started", verb: "Started"),
    (suffix: "Completed", verb: "Completed"), (suffix: "Reopened", verb: "Reopened"),
    (suffix: "Woken", verb: "Woke"), (suffix: "Restored", verb: "Restored"),
  ]

  private func rated(_ subject: String, _ before: JSON, _ after: JSON) -> String {
    let rating = after["ratingPercent"]?.int.map { "\($0) %" } ?? "nothing"
    let was = before["ratingPercent"]?.int.map { " (was \($0) %)" } ?? ""
    let note = after["lastReflectionNote"]?.string.map { ": “\($0)”" } ?? ""
    return "Rated \(subject) \(rating)\(was)\(note)"
  }

  private func subject(_ type: String, _ data: JSON) -> String {
    for kind in [Thing.Kind.task, .theme, .pillar] where data["\(kind.rawValue)Id"] != nil {
      let field = kind == .task ? "title" : "name"
      let said = data["after"]?[field]?.string ?? data["before"]?[field]?.string
      let known = said ?? name(kind, data["\(kind.rawValue)Id"]?.string ?? "")
      if type.hasPrefix("Task") { return "“\(known)”" }
      return type.hasSuffix("Rated") ? known : "\(kind.rawValue) \(known)"
    }
    return type
  }

  /// `title “A” → “B”, priority 3 → 5`.
  private func changes(_ before: JSON, _ after: JSON) -> String {
    (after.object?.members ?? []).map { member in
      "\(member.name) \(value(before[member.name])) → \(value(member.value))"
    }.joined(separator: ", ")
  }

  private func value(_ json: JSON?) -> String {
    switch json {
    case nil, .null: "–"
    case .string(let text):
      if text.contains("T"), let instant = Instant(text) {
        local.text(instant)
      } else {
        text.contains(" ") ? "“\(text)”" : text
      }
    case .some(let other): other.text
    }
  }
}
