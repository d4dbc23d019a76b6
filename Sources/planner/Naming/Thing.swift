import JSON

/// A pillar, a theme or a task, as one names it.
struct Thing: Equatable {
  enum Kind: String, Sendable { case pillar, theme, task }

  let kind: Kind
  let id: String
  let name: String
  /// What it is in: of a theme its pillar's name; of a task its theme's.
  let place: String?
  /// Its row in the view.
  let row: JSON

  init(pillar row: JSON) {
    self.init(.pillar, row, id: "pillarId", name: "name", place: nil)
  }

  init(theme row: JSON) {
    self.init(.theme, row, id: "themeId", name: "name", place: "pillarName")
  }

  init(task row: JSON) {
    self.init(.task, row, id: "taskId", name: "title", place: "themeName")
  }

  private init(_ kind: Kind, _ row: JSON, id: String, name: String, place: String?) {
    self.kind = kind
    self.id = row[id]?.string ?? ""
    self.name = row[name]?.string ?? ""
    self.place = place.flatMap { row[$0]?.string }
    self.row = row
  }

  var isDone: Bool { row["status"]?.string == "done" }

  /// `Health/Sleep`, which tells apart themes of one name.
  var qualifiedName: String { place.map { "\($0)/\(name)" } ?? name }
}
