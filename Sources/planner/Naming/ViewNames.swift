import JSON
import Scalars

/// What the client calls the views, and what their rows are told apart by.
struct ViewNames {
  let word: String
  let method: String
  /// What the first column of the key is the id of; nil where it is no id.
  var kind: Thing.Kind?
  /// Whether the key goes on after that.
  var isCompound = false
  /// Whether the id comes after something else.
  var isSecond = false

  static let all = [
    ViewNames(word: "pillars", method: "PillarAverages", kind: .pillar),
    ViewNames(word: "themes", method: "ThemeRatings", kind: .theme),
    ViewNames(word: "tasks", method: "Tasks", kind: .task),
    ViewNames(word: "best", method: "Best", kind: .task),
    ViewNames(word: "ratings", method: "RatingHistory"),
    ViewNames(word: "removed", method: "Removed"),
    ViewNames(word: "preferences", method: "Preferences"),
    ViewNames(word: "history", method: "History"),
    ViewNames(word: "activity", method: "Activity"),
    ViewNames(word: "trend", method: "PillarTrend", kind: .pillar, isCompound: true),
    ViewNames(word: "momentum", method: "ThemeMomentum", kind: .theme),
    ViewNames(
      word: "throughput", method: "DailyThroughput", kind: .pillar, isCompound: true,
      isSecond: true),
    ViewNames(word: "tags", method: "TagTotals"),
  ]

  /// What the client calls a method.
  static func word(_ method: String) -> String {
    all.first { $0.method == method }?.word ?? method
  }

  /// The method that a word of the client means, or the word itself where it begins like a method.
  static func method(_ text: String) throws(Failure) -> String {
    if let known = all.first(where: { $0.word == text }) { return known.method }
    guard text.first?.isUppercase == true else {
      throw Failure(
        .notFound,
        "no view “\(text)”\(Suggestion.among(all.map(\.word), for: text)); planner views lists them"
      )
    }
    return text
  }

  /// The key of a view's row as the interface has it, from an id, the beginning of one, or a name.
  static func key(_ text: String, of method: String, _ session: Session) throws(Failure) -> String {
    guard let names = all.first(where: { $0.method == method }), let kind = names.kind else {
      return text
    }
    guard names.isCompound else { return try id(text, kind, session) }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1 else { return text }
    let first = parts.dropLast().joined(separator: ",")
    let last = parts[parts.count - 1]
    if names.isSecond {
      let rest = parts.dropFirst().joined(separator: ",")
      return rest.isEmpty ? text : "\(parts[0]),\(try id(rest, kind, session))"
    }
    return "\(try id(first, kind, session)),\(last)"
  }

  /// A whole id is taken as it is, for what it named may be gone.
  private static func id(
    _ text: String, _ kind: Thing.Kind, _ session: Session
  ) throws(Failure) -> String {
    if let id = UUID(text) { return id.description }
    switch kind {
    case .pillar: return try session.pillar(text).id
    case .theme: return try session.theme(text).id
    case .task: return try session.task(text).id
    }
  }
}
