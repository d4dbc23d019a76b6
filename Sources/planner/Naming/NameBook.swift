import JSON

/// Names of things by their ids, from the events that say them and else from the views.
final class NameBook {
  private let session: Session
  private var names: [String: String] = [:]
  private var position = 0

  init(_ session: Session) { self.session = session }

  /// Remembers the names that an event's data says.
  func learn(_ data: JSON, at position: Int) {
    self.position = position
    for kind in [Thing.Kind.task, .theme, .pillar] {
      guard let id = data["\(kind.rawValue)Id"]?.string else { continue }
      let field = kind == .task ? "title" : "name"
      if let name = data["after"]?[field]?.string ?? data["before"]?[field]?.string {
        names[id] = name
      }
      return
    }
  }

  /// The name, or the beginning of the id where nobody knows it, as of a thing removed since.
  func name(_ kind: Thing.Kind, _ id: String) -> String {
    if let name = names[id] { return name }
    try? ask(kind, id)
    let name = names[id] ?? String(id.prefix(8))
    names[id] = name
    return name
  }

  private func ask(_ kind: Thing.Kind, _ id: String) throws(Failure) {
    switch kind {
    case .task:
      let rows = try session.view("Task", ["taskId": .string(id)])["rows"]?.array ?? []
      for row in rows { remember(Thing(task: row)) }
    case .theme: for row in try session.rows("ThemeRatings") { remember(Thing(theme: row)) }
    case .pillar: for row in try session.rows("PillarAverages") { remember(Thing(pillar: row)) }
    }
  }

  private func remember(_ thing: Thing) {
    if names[thing.id] == nil { names[thing.id] = thing.name }
  }
}
