import JSON
import Scalars

/// Asks the views for what a text names.
extension Session {
  func pillar(_ text: String) throws(Failure) -> Thing {
    let known = try rows("PillarAverages").map { Thing(pillar: $0) }
    if let thing = try NameResolver.find(text, among: known) { return thing }
    throw NameResolver.notFound(text, .pillar, known: known.map(\.name))
  }

  func theme(_ text: String) throws(Failure) -> Thing {
    let known = try rows("ThemeRatings").map { Thing(theme: $0) }
    if let thing = try NameResolver.find(text, among: known) { return thing }
    throw NameResolver.notFound(text, .theme, known: known.map(\.name))
  }

  /// A task: by its whole id at once, by its name among those that have the text in them, and only a
  /// beginning of an id needs all tasks.
  func task(
    _ text: String, prefer: NameResolver.Preference = .unfinished
  ) throws(Failure) -> Thing {
    if let id = UUID(text) {
      let row = try view("Task", ["taskId": .string(id.description)])["rows"]?[0]
      guard let row else { throw NameResolver.notFound(text, .task, known: []) }
      return Thing(task: row)
    }
    var known: [Thing] = []
    if !NameResolver.looksLikeID(text) {
      known = try tasks(["text": .string(text)]).map { Thing(task: $0) }
      if let thing = try NameResolver.find(text, among: known, prefer: prefer) { return thing }
    }
    known = try tasks([:]).map { Thing(task: $0) }
    if let thing = try NameResolver.find(text, among: known, prefer: prefer) { return thing }
    throw NameResolver.notFound(text, .task, known: known.map(\.name))
  }

  /// The id of a pillar, theme or task. A whole id is taken as it is, for what it named may be gone.
  func thing(_ text: String) throws(Failure) -> String {
    if let id = UUID(text) { return id.description }
    for kind in [Thing.Kind.pillar, .theme, .task] {
      do throws(Failure) {
        switch kind {
        case .pillar: return try pillar(text).id
        case .theme: return try theme(text).id
        case .task: return try task(text).id
        }
      } catch {
        if error.code != .notFound { throw error }
      }
    }
    throw Failure(.notFound, "no pillar, theme or task is called “\(text)”")
  }

  private func tasks(_ parameters: JSONObject) throws(Failure) -> [JSON] {
    var parameters = parameters
    parameters["limit"] = .int(Paging.pageSize)
    return try rows("Tasks", parameters)
  }

  /// All rows of a view, page by page.
  func rows(_ method: String, _ parameters: JSONObject = [:]) throws(Failure) -> [JSON] {
    var rows: [JSON] = []
    var parameters = parameters
    while true {
      let reply = try view(method, parameters)
      rows += reply["rows"]?.array ?? []
      guard let next = reply["nextCursor"] else { return rows }
      parameters["cursor"] = next
    }
  }
}
