extension Decider {
  func create(_ command: CreateTheme) throws(Rejection) -> [PlannerEvent] {
    try requireUnused(command.themeID)
    _ = try pillar(command.pillarID)
    try requireFree(command.name, in: command.pillarID, "name")
    var theme = ThemeFields()
    theme.pillarID = command.pillarID
    theme.name = command.name
    return [.themeCreated(command.themeID, theme)]
  }

  func change(_ command: ChangeTheme) throws(Rejection) -> [PlannerEvent] {
    let theme = try theme(command.themeID)
    var changed = theme
    changed.pillarID = command.pillarID ?? theme.pillarID
    changed.name = command.name ?? theme.name
    guard let patch = Patch(from: theme, to: changed) else { throw nothingChanged() }
    _ = try pillar(changed.pillarID)
    try requireFree(changed.name, in: changed.pillarID, command.name == nil ? "pillarId" : "name")
    return [.themeChanged(command.themeID, patch)]
  }

  /// Rating a theme as before is an event too: it was looked at again.
  func rate(_ command: RateTheme) throws(Rejection) -> [PlannerEvent] {
    let theme = try theme(command.themeID)
    var rated = theme
    rated.rating = command.rating
    rated.previousRating = theme.rating
    rated.lastReflectionNote = command.note ?? theme.lastReflectionNote
    let fields = command.note == nil ? ThemeFields.ratingFields : ThemeFields.reflectionFields
    return [.themeRated(command.themeID, Patch(from: theme, to: rated, fields: fields))]
  }

  func remove(_ command: RemoveTheme) throws(Rejection) -> [PlannerEvent] {
    _ = try theme(command.themeID)
    return tasksRemoved(from: command.themeID) + [themeRemoved(command.themeID)]
  }

  /// The removal of a theme that there is.
  func themeRemoved(_ id: ThemeID) -> PlannerEvent {
    .themeRemoved(id, state.themes[id]!)
  }

  /// The removal of all tasks of a theme, by rank.
  func tasksRemoved(from theme: ThemeID) -> [PlannerEvent] {
    state.ranked(in: theme).entries.map { .taskRemoved($0.id, state.tasks[$0.id]!) }
  }

  /// The theme of the field `themeId`.
  func theme(_ id: ThemeID) throws(Rejection) -> ThemeFields {
    guard let theme = state.themes[id] else {
      throw missing(.noSuchTheme, "theme", field(ThemeID.member), id)
    }
    return theme
  }

  private func requireFree(
    _ name: Text, in pillar: PillarID, _ given: String
  ) throws(Rejection) {
    guard state.themesByName[pillar]?[name] == nil else {
      throw Rejection(
        .nameTaken, field: field(given),
        "The name \"\(name.string)\" is that of another theme of the pillar; see \(field(given)).")
    }
  }
}
