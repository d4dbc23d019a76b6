extension Decider {
  func create(_ command: CreatePillar) throws(Rejection) -> [PlannerEvent] {
    try requireUnused(command.pillarID)
    try requireFree(command.name)
    var pillar = PillarFields()
    pillar.name = command.name
    pillar.color = command.color ?? pillar.color
    pillar.domain = command.domain ?? pillar.domain
    return [.pillarCreated(command.pillarID, pillar)]
  }

  func change(_ command: ChangePillar) throws(Rejection) -> [PlannerEvent] {
    let pillar = try pillar(command.pillarID)
    var changed = pillar
    changed.name = command.name ?? pillar.name
    changed.color = command.color ?? pillar.color
    changed.domain = command.domain ?? pillar.domain
    guard let patch = Patch(from: pillar, to: changed) else { throw nothingChanged() }
    if changed.name != pillar.name { try requireFree(changed.name) }
    return [.pillarChanged(command.pillarID, patch)]
  }

  /// What is inside goes first, each by an event of its own.
  func remove(_ command: RemovePillar) throws(Rejection) -> [PlannerEvent] {
    let pillar = try pillar(command.pillarID)
    let themes = state.themes(of: command.pillarID)
    return themes.flatMap { tasksRemoved(from: $0) } + themes.map { themeRemoved($0) }
      + [.pillarRemoved(command.pillarID, pillar)]
  }

  /// The pillar of the field `pillarId`.
  func pillar(_ id: PillarID) throws(Rejection) -> PillarFields {
    guard let pillar = state.pillars[id] else {
      throw missing(.noSuchPillar, "pillar", field(PillarID.member), id)
    }
    return pillar
  }

  private func requireFree(_ name: Text) throws(Rejection) {
    guard state.pillarsByName[name] == nil else {
      throw Rejection(
        .nameTaken, field: field("name"),
        "\(field("name")) is \"\(name.string)\", which another pillar has.")
    }
  }
}
