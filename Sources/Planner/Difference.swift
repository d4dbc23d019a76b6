import Scalars

/// The events that lead from a planner as it is to what an undo makes of it, in an order in which each is possible:
/// what things are in is restored before them and removed after them.
struct Difference {
  private let actual: Replay
  private let target: Replay
  private let state: PlannerState
  /// Where tasks were before the undos that are taken back moved them.
  private let formerPlaces: [TaskID: FormerPlace]

  /// A rank, and the theme where that was another one.
  private struct FormerPlace {
    let themeID: ThemeID??
    let rank: Int
  }

  init(
    _ change: CountingChange, _ replays: (actual: Replay, target: Replay), _ state: PlannerState,
    _ past: Past
  ) {
    (actual, target) = replays
    self.state = state
    formerPlaces = Difference.formerPlaces(change, past)
  }

  func events(_ undo: Undo) -> [Decision] {
    let events =
      pillars() + themes() + tasks() + removedTasks() + removedThemes() + removedPillars()
      + preferences()
    return events.map { Decision($0, undoes: undo.commandIDs[0]) }
  }

  // MARK: What is there

  private func pillars() -> [PlannerEvent] {
    sorted(target.pillars).compactMap { id, fields in
      guard let present = state.pillars[id] else { return .pillarRestored(id, fields) }
      return patch(present, actual.pillars[id], fields).map { .pillarChanged(id, $0) }
    }
  }

  private func themes() -> [PlannerEvent] {
    sorted(target.themes).compactMap { id, fields in
      guard let present = state.themes[id] else { return .themeRestored(id, fields) }
      return patch(present, actual.themes[id], fields).map { .themeChanged(id, $0) }
    }
  }

  private func preferences() -> [PlannerEvent] {
    patch(state.preferences, actual.preferences, target.preferences).map {
      [.preferencesChanged($0)]
    } ?? []
  }

  /// The fields in which the target differs from what the events say is there, set in what is there.
  private func patch<R: Record>(
    _ present: R, _ actual: R?, _ target: R, except kept: FieldMask = []
  ) -> Patch<R>? {
    guard let difference = Patch(from: actual ?? present, to: target) else { return nil }
    var changed = present
    difference.apply(to: &changed)
    if !kept.isEmpty { Patch(from: changed, to: present, fields: kept).apply(to: &changed) }
    return Patch(from: present, to: changed)
  }

  // MARK: What goes

  private func removedTasks() -> [PlannerEvent] {
    sorted(actual.tasks).compactMap { id, _ in
      target.tasks[id] == nil ? state.tasks[id].map { .taskRemoved(id, $0) } : nil
    }
  }

  private func removedThemes() -> [PlannerEvent] {
    sorted(actual.themes).compactMap { id, _ in
      target.themes[id] == nil ? state.themes[id].map { .themeRemoved(id, $0) } : nil
    }
  }

  private func removedPillars() -> [PlannerEvent] {
    sorted(actual.pillars).compactMap { id, _ in
      target.pillars[id] == nil ? state.pillars[id].map { .pillarRemoved(id, $0) } : nil
    }
  }

  private func sorted<ID: EntityID, Fields>(_ things: [ID: Fields]) -> [(ID, Fields)] {
    things.sorted { $0.key.uuid < $1.key.uuid }.map { ($0.key, $0.value) }
  }

  // MARK: Tasks and their places

  private func tasks() -> [PlannerEvent] {
    var places = Places(state)
    var arrivals: [(id: TaskID, fields: TaskFields)] = []
    var events: [PlannerEvent] = []
    for (id, present) in state.tasks(of: actual.tasks.keys) where target.tasks[id] == nil {
      places.take(id, present)
    }
    for (id, fields) in sorted(target.tasks) {
      if let present = state.tasks[id] {
        if isMoved(id, fields) {
          places.take(id, present)
          arrivals.append((id, fields))
        } else if let patch = patch(
          present, actual.tasks[id], fields, except: TaskFields.placeFields)
        {
          events.append(.taskChanged(id, patch))
        }
      } else {
        arrivals.append((id, fields))
      }
    }
    arrivals.sort { ($0.fields.rank, $0.id.uuid) < ($1.fields.rank, $1.id.uuid) }
    for (id, fields) in arrivals { events += arrival(id, fields, &places) }
    return events
  }

  private func isMoved(_ id: TaskID, _ target: TaskFields) -> Bool {
    guard let actual = actual.tasks[id] else { return false }
    return actual.themeID != target.themeID || actual.rank != target.rank
  }

  /// A task that comes to another place, or back to one.
  private func arrival(
    _ id: TaskID, _ fields: TaskFields, _ places: inout Places
  ) -> [PlannerEvent] {
    var fields = fields
    if let former = formerPlaces[id], former.themeID ?? fields.themeID == fields.themeID,
      places.isFree(former.rank, in: fields.themeID)
    {
      fields.rank = former.rank
    }
    let reranking = places.put(id, &fields)
    guard let present = state.tasks[id] else { return reranking + [.taskRestored(id, fields)] }
    var changed = present
    patch(present, actual.tasks[id], fields)?.apply(to: &changed)
    changed.themeID = fields.themeID
    changed.rank = fields.rank
    return reranking + (Patch(from: present, to: changed).map { [.taskChanged(id, $0)] } ?? [])
  }

  /// An undo that is taken back leaves its tasks where they were before it, so that undoing twice changes nothing.
  private static func formerPlaces(
    _ change: CountingChange, _ past: Past
  ) -> [TaskID: FormerPlace] {
    var places: [TaskID: FormerPlace] = [:]
    for undo in past.undos.reversed() where change.off.contains(undo) {
      for step in past.steps(of: undo) {
        guard case .task(let id)? = step.event.entity, places[id] == nil else { continue }
        if case .taskRemoved(_, let fields) = step.event {
          places[id] = FormerPlace(themeID: fields.themeID, rank: fields.rank)
        } else if let (_, patch) = step.event.taskPatch, patch.fields.contains(TaskFields.rankField)
        {
          let isElsewhere = patch.fields.contains(TaskFields.themeField)
          places[id] = FormerPlace(
            themeID: isElsewhere ? .some(patch.before.themeID) : nil, rank: patch.before.rank)
        }
      }
    }
    return places
  }
}

extension PlannerState {
  fileprivate func tasks(of ids: some Sequence<TaskID>) -> [(TaskID, TaskFields)] {
    ids.compactMap { id in tasks[id].map { (id, $0) } }
  }
}

/// The places that tasks leave and come to, as they become.
private struct Places {
  private let state: PlannerState
  private var changed: [ThemeID?: RankedTasks] = [:]

  init(_ state: PlannerState) {
    self.state = state
  }

  private func ranked(_ place: ThemeID?) -> RankedTasks {
    changed[place] ?? state.ranked(in: place)
  }

  mutating func take(_ id: TaskID, _ task: TaskFields) {
    changed[task.themeID] = ranked(task.themeID)
    changed[task.themeID]!.remove(.init(rank: task.rank, id: id))
  }

  func isFree(_ rank: Int, in place: ThemeID?) -> Bool { holder(of: rank, ranked(place)) == nil }

  private func holder(of rank: Int, _ ranked: RankedTasks) -> RankedTasks.Entry? {
    let below = RankedTasks.Entry(rank: rank - 1, id: TaskID(UUID(high: .max, low: .max)))
    let entry = ranked.entry(after: below)
    return entry?.rank == rank ? entry : nil
  }

  /// Puts a task at its rank or, where that is taken, right before the one that has it. Where there is no room the
  /// place is spread evenly first, of which the event is given.
  mutating func put(_ id: TaskID, _ task: inout TaskFields) -> [PlannerEvent] {
    var place = ranked(task.themeID)
    var events: [PlannerEvent] = []
    if let holder = holder(of: task.rank, place) {
      var gap = RankGap(lower: place.entry(before: holder), upper: holder)
      if gap.rank == nil {
        let reranking = Reranking(spreading: place)
        events = [.tasksReranked(task.themeID, reranking)]
        gap = gap.after(reranking)
        for entry in place.entries {
          guard let rank = reranking.after[entry.id] else { continue }
          place.remove(entry)
          place.insert(.init(rank: rank, id: entry.id))
        }
      }
      task.rank = gap.rank!
    }
    place.insert(.init(rank: task.rank, id: id))
    changed[task.themeID] = place
    return events
  }
}
