import Scalars

/// One undo in the making: which commands no longer count, which count again, and how the things that they touched
/// would be had only those happened that count.
struct Undoing {
  /// What is needed of the past first, or what became of the undo.
  enum Result {
    case needs(PastNeed)
    case refused(Rejection)
    case decided([Decision])
  }

  /// Why the reckoning stops before its end.
  enum Halt: Error {
    case needs(PastNeed)
    case refused(Rejection)
    /// It goes on once these are undone too.
    case built(Set<UUID>)
  }

  /// How many commands one undo may concern, those that were built on others included.
  static let mostConcerned = 10_000

  let undo: Undo
  let state: PlannerState
  let past: Past
  let field = "undo.commandIds"

  func result() -> Result {
    do throws(Halt) {
      try requireUndoable()
      return .decided(try decisions())
    } catch {
      switch error {
      case .needs(let need): return .needs(need)
      case .refused(let rejection): return .refused(rejection)
      case .built: preconditionFailure("what was built on something is undone in a loop")
      }
    }
  }

  // MARK: The commands

  private func requireUndoable() throws(Halt) {
    try require(Set(undo.commandIDs))
    let counting = Counting(past)
    for id in undo.commandIDs {
      guard let deed = past.deeds[id] else {
        throw refused(.noSuchCommand, "\(field) names \(id), and the planner has no such command.")
      }
      if let other = counting.undone[id] {
        throw refused(.alreadyUndone, "\(field) names \(id), which \(other) has undone already.")
      }
      try requireWhole(id, deed)
    }
  }

  private func requireWhole(_ id: UUID, _ deed: Past.Deed) throws(Halt) {
    guard Command.names.contains(deed.name) else {
      throw refused(.cannotBeUndone, "\(field) names \(id), and \(deed.name) cannot be undone.")
    }
    guard !deed.isErased else {
      throw refused(
        .cannotBeUndone,
        "\(field) would concern \(id), which cannot be undone since its contents are erased.")
    }
  }

  /// All that these commands did must be known.
  private func require(_ commands: Set<UUID>) throws(Halt) {
    let unknown = commands.filter { !past.knows(command: $0) }
    if !unknown.isEmpty { throw .needs(PastNeed(commands: unknown)) }
  }

  // MARK: What becomes of things

  private func decisions() throws(Halt) -> [Decision] {
    var undone = Set(undo.commandIDs)
    while true {
      do throws(Halt) {
        let change = try countingChange(undone)
        let replays = try replay(change)
        try requireBuilt(undone)
        try requireNames(replays.target)
        return change.marks(past) + Difference(change, replays, state, past).events(undo)
      } catch {
        guard case .built(let more) = error else { throw error }
        undone.formUnion(more)
        try requireFew(undone)
      }
    }
  }

  private func requireFew(_ undone: Set<UUID>) throws(Halt) {
    guard undone.count > Undoing.mostConcerned else { return }
    let most = Undoing.mostConcerned
    throw .refused(
      Rejection(
        .tooManyCommands, field: field, limit: String(most),
        "More than \(most) commands were built on what \(field) names."))
  }

  /// Without a cascade nothing may have been built on what is undone.
  private func requireBuilt(_ undone: Set<UUID>) throws(Halt) {
    let dependents = undone.subtracting(undo.commandIDs)
    if dependents.isEmpty || undo.cascade { return }
    let sorted = dependents.sorted { past.deeds[$0]!.version < past.deeds[$1]!.version }
    let names = sorted.prefix(5).map { "\(past.deeds[$0]!.name) \($0)" }
    let more = sorted.count > names.count ? " and \(sorted.count - names.count) more" : ""
    let what = sorted.count == 1 ? "1 later command was" : "\(sorted.count) later commands were"
    throw .refused(
      Rejection(
        .builtUpon, field: field,
        "\(what) built on what \(field) names: \(names.joined(separator: ", "))\(more). "
          + "With cascade these are undone too.",
        dependents: sorted))
  }

  /// Which commands count before and after; all that they did must be known.
  private func countingChange(_ undone: Set<UUID>) throws(Halt) -> CountingChange {
    try require(undone)
    let change = CountingChange(undone, past)
    try require(change.flipped)
    for id in change.flipped {
      guard let deed = past.deeds[id] else { continue }
      try requireWhole(id, deed)
    }
    if let (target, undos) = change.undoneTwice {
      let later = undos.dropLast().filter { !change.again.contains($0) }
      guard later.isEmpty else { throw .built(Set(later)) }
      throw refused(.alreadyUndone, "\(field): \(target) would be undone by two undos.")
    }
    return change
  }

  /// The things concerned at the end: with what counted, and with what is to count.
  private func replay(
    _ change: CountingChange
  ) throws(Halt) -> (actual: Replay, target: Replay) {
    var scope = change.scope(past)
    while true {
      let replays = try replay(change, scope)
      let homeless = homeless(replays.target, scope)
      if homeless.isEmpty {
        try requirePreferences(replays.target, change)
        try requireEmpty(replays.target)
        return replays
      }
      let unknown = homeless.filter { !past.knows($0) }.compactMap(\.uuid)
      if !unknown.isEmpty { throw .needs(PastNeed(entities: Set(unknown))) }
      guard homeless.isDisjoint(with: scope) else {
        throw refused(
          .cannotBeUndone, "What \(field) names needs a thing that is there no longer.")
      }
      scope.formUnion(homeless)
    }
  }

  private func replay(
    _ change: CountingChange, _ scope: Set<Entity>
  ) throws(Halt) -> (actual: Replay, target: Replay) {
    let indices = past.indices(of: scope)
    var actual = Replay(scope, in: state)
    for index in indices.reversed() { actual.takeBack(past.steps[index].event) }
    var target = actual
    var broken: Set<UUID> = []
    for index in indices {
      let step = past.steps[index]
      let (id, event) = (step.commandID, step.event)
      if case .tasksReranked = event {
        let before = actual
        actual.apply(event, actual: before)
        target.apply(event, actual: before)
        continue
      }
      guard let deed = past.deeds[id], !deed.isUndo else { continue }
      if change.counts(id, in: .target), !broken.contains(id) {
        if let misfit = target.misfit(event, of: deed.name) {
          broken.formUnion(try culprits(misfit, id, change))
        } else {
          target.apply(event, actual: actual)
        }
      }
      if change.counts(id, in: .actual), actual.misfit(event, of: deed.name) == nil {
        actual.apply(event, actual: actual)
      }
    }
    if !broken.isEmpty { throw .built(broken) }
    return (actual, target)
  }

  /// The later commands because of which a command cannot happen: itself, unless it is one that counts again only now;
  /// then the undos that took away what it needs.
  private func culprits(
    _ misfit: Replay.Misfit, _ id: UUID, _ change: CountingChange
  ) throws(Halt) -> Set<UUID> {
    guard change.again.contains(id) else { return [id] }
    var undos: Set<UUID> = []
    if case .missing(let entity) = misfit {
      for index in past.about[entity] ?? [] {
        if let undo = change.undone[past.steps[index].commandID] { undos.insert(undo) }
      }
    }
    undos.subtract(change.again)
    guard !undos.isEmpty else {
      throw refused(
        .cannotBeUndone,
        "\(field): \(id) would count again, and it needs what is there no longer.")
    }
    return undos
  }

  /// What things are in, and what is not there.
  private func homeless(_ target: Replay, _ scope: Set<Entity>) -> Set<Entity> {
    let homes =
      target.tasks.values.compactMap { $0.themeID.map { Entity.theme($0) } }
      + target.themes.values.map { Entity.pillar($0.pillarID) }
    return Set(homes).filter { home in
      if scope.contains(home) { return !target.has(home) }
      return switch home {
      case .theme(let id): state.themes[id] == nil
      case .pillar(let id): state.pillars[id] == nil
      default: false
      }
    }
  }

  // MARK: Rules of the result

  /// Where the preferences would break a rule, what later commands set of the same fields was built on it.
  private func requirePreferences(_ target: Replay, _ change: CountingChange) throws(Halt) {
    let preferences = target.preferences
    var fields: FieldMask = []
    if preferences.weightSum != 100 { fields.formUnion(Preferences.weightFields) }
    if preferences.workStart >= preferences.workEnd { fields.formUnion(Preferences.workFields) }
    if fields.isEmpty { return }
    let writers = (past.about[.preferences] ?? []).compactMap { index -> UUID? in
      let step = past.steps[index]
      guard case .preferencesChanged(let patch) = step.event, step.version > change.version(past),
        !patch.fields.isDisjoint(with: fields), past.deeds[step.commandID]?.isUndo == false,
        change.counts(step.commandID, in: .target), !change.again.contains(step.commandID)
      else { return nil }
      return step.commandID
    }
    guard writers.isEmpty else { throw .built(Set(writers)) }
    let isSum = preferences.weightSum != 100
    throw refused(
      isSum ? .weightsSum : .workHoursOrder,
      isSum
        ? "Without what \(field) names the weights would sum to \(preferences.weightSum), not 100."
        : "Without what \(field) names work would not start before it ends.")
  }

  /// What goes must hold nothing else: what came into it is known, unless its events are erased.
  private func requireEmpty(_ target: Replay) throws(Halt) {
    let isHolding = target.scope.contains { entity in
      switch entity {
      case .theme(let id) where target.themes[id] == nil:
        state.ranked(in: id).entries.contains { !target.scope.contains(.task($0.id)) }
      case .pillar(let id) where target.pillars[id] == nil:
        state.themesByName[id]?.values.contains { !target.scope.contains(.theme($0)) } ?? false
      default: false
      }
    }
    if isHolding {
      throw refused(
        .cannotBeUndone, "What \(field) names holds things whose own events are erased.")
    }
  }

  /// Names that things are to have again must be free.
  private func requireNames(_ target: Replay) throws(Halt) {
    var pillars: [Text: PillarID] = [:]
    for (id, pillar) in target.pillars.sorted(by: { $0.key.uuid < $1.key.uuid }) {
      let holder = state.pillarsByName[pillar.name].flatMap {
        target.scope.contains(.pillar($0)) ? nil : $0
      }
      if let other = holder ?? pillars.updateValue(id, forKey: pillar.name) {
        throw taken(pillar.name, "pillar", id, other)
      }
    }
    var names: [PillarID: [Text: ThemeID]] = [:]
    for (id, theme) in target.themes.sorted(by: { $0.key.uuid < $1.key.uuid }) {
      let holder = state.themesByName[theme.pillarID]?[theme.name].flatMap {
        target.scope.contains(.theme($0)) ? nil : $0
      }
      if let other = holder
        ?? names[theme.pillarID, default: [:]].updateValue(id, forKey: theme.name)
      {
        throw taken(theme.name, "theme", id, other)
      }
    }
  }

  private func taken(
    _ name: Text, _ kind: String, _ id: some EntityID, _ other: some EntityID
  ) -> Halt {
    refused(
      .nameTaken,
      "\(field): the \(kind) \(id) would be called \"\(name.string)\" again, as the \(kind) \(other) "
        + "is now.")
  }

  private func refused(_ rule: Rule, _ message: String) -> Halt {
    .refused(Rejection(rule, field: field, message))
  }
}
