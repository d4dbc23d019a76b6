import Scalars

/// Some things of a planner as they were at one time and, event by event, as they became: with all events, or as if
/// some commands had never been.
struct Replay {
  /// The things; events about others only have to fit.
  let scope: Set<Entity>
  private(set) var pillars: [PillarID: PillarFields] = [:]
  private(set) var themes: [ThemeID: ThemeFields] = [:]
  private(set) var tasks: [TaskID: TaskFields] = [:]
  private(set) var preferences: Preferences

  /// Why an event cannot have happened.
  enum Misfit: Equatable {
    /// The thing itself, or what it would be put into, is not there.
    case missing(Entity)
    /// Something is in what is removed, or what is removed with another thing is elsewhere.
    case contents
  }

  /// The things of a scope as a planner has them.
  init(_ scope: Set<Entity>, in state: PlannerState) {
    self.scope = scope
    preferences = state.preferences
    for entity in scope {
      switch entity {
      case .pillar(let id): pillars[id] = state.pillars[id]
      case .theme(let id): themes[id] = state.themes[id]
      case .task(let id): tasks[id] = state.tasks[id]
      case .preferences: break
      }
    }
  }

  func has(_ entity: Entity) -> Bool {
    switch entity {
    case .pillar(let id): pillars[id] != nil
    case .theme(let id): themes[id] != nil
    case .task(let id): tasks[id] != nil
    case .preferences: true
    }
  }
}

// MARK: Backwards

extension Replay {
  /// Takes back the last event that happened.
  mutating func takeBack(_ event: PlannerEvent) {
    if case .tasksReranked(let place, let reranking) = event {
      return rerank(place, from: reranking.after, to: reranking.before, as: self)
    }
    guard let entity = event.entity, scope.contains(entity) else { return }
    switch event {
    case .pillarCreated(let id, _), .pillarRestored(let id, _): pillars[id] = nil
    case .pillarRemoved(let id, let fields): pillars[id] = fields
    case .pillarChanged(let id, let patch): pillars[id].map { pillars[id] = patch.takenBack($0) }
    case .themeCreated(let id, _), .themeRestored(let id, _): themes[id] = nil
    case .themeRemoved(let id, let fields): themes[id] = fields
    case .taskCreated(let id, _), .taskRestored(let id, _): tasks[id] = nil
    case .taskRemoved(let id, let fields): tasks[id] = fields
    case .preferencesChanged(let patch): preferences = patch.takenBack(preferences)
    default:
      if let (id, patch) = event.themePatch {
        themes[id].map { themes[id] = patch.takenBack($0) }
      } else if let (id, patch) = event.taskPatch {
        tasks[id].map { tasks[id] = patch.takenBack($0) }
      }
    }
  }
}

// MARK: Forwards

extension Replay {
  /// Why an event of a command cannot happen here; nil where it can.
  func misfit(_ event: PlannerEvent, of command: String) -> Misfit? {
    if let container = event.container, scope.contains(container), !has(container) {
      return .missing(container)
    }
    guard let entity = event.entity, scope.contains(entity) else { return nil }
    switch event {
    case .pillarCreated, .themeCreated, .taskCreated: return nil
    case .pillarRemoved(let id, _):
      if !has(entity) { return .missing(entity) }
      return themes.values.contains { $0.pillarID == id } ? .contents : nil
    case .themeRemoved(let id, let fields):
      guard let theme = themes[id] else {
        return command == CommandKind.removeTheme.rawValue ? .missing(entity) : nil
      }
      if tasks.values.contains(where: { $0.themeID == id }) { return .contents }
      return command != CommandKind.removeTheme.rawValue && theme.pillarID != fields.pillarID
        ? .contents : nil
    case .taskRemoved(let id, let fields):
      guard let task = tasks[id] else {
        return command == CommandKind.removeTask.rawValue ? .missing(entity) : nil
      }
      return command != CommandKind.removeTask.rawValue && task.themeID != fields.themeID
        ? .contents : nil
    default: return has(entity) ? nil : .missing(entity)
    }
  }

  /// Lets an event happen that fits. Fields that follow from others are set as a decision would set them here.
  /// `actual` is how things were when it did happen.
  mutating func apply(_ event: PlannerEvent, actual: Replay) {
    if case .tasksReranked(let place, let reranking) = event {
      return rerank(place, from: reranking.before, to: reranking.after, as: actual)
    }
    guard let entity = event.entity, scope.contains(entity) else { return }
    switch event {
    case .pillarCreated(let id, let fields): pillars[id] = fields
    case .pillarRemoved(let id, _): pillars[id] = nil
    case .pillarChanged(let id, let patch): patch.apply(to: &pillars[id]!)
    case .themeCreated(let id, let fields): themes[id] = fields
    case .themeRemoved(let id, _): themes[id] = nil
    case .themeChanged(let id, let patch): patch.apply(to: &themes[id]!)
    case .themeRated(let id, let patch): rate(&themes[id]!, patch)
    case .taskCreated(let id, let fields): tasks[id] = fields
    case .taskRemoved(let id, _): tasks[id] = nil
    case .preferencesChanged(let patch): patch.apply(to: &preferences)
    default:
      if let (id, patch) = event.taskPatch { change(&tasks[id]!, patch) }
    }
  }

  private func rate(_ theme: inout ThemeFields, _ patch: Patch<ThemeFields>) {
    let rating = theme.rating
    patch.apply(to: &theme)
    theme.previousRating = rating
  }

  /// A due date takes the place of a due instant, and the other way round; what comes again is recurring.
  private func change(_ task: inout TaskFields, _ patch: Patch<TaskFields>) {
    patch.apply(to: &task)
    if patch.fields.contains(TaskFields.dueDateField) && patch.after.dueDate != nil {
      task.dueAt = nil
    } else if patch.fields.contains(TaskFields.dueAtField) && patch.after.dueAt != nil {
      task.dueDate = nil
    }
    task.taskType = task.recurrence == nil ? .adhoc : .recurring
  }

  /// The order stays what it was: a task that was elsewhere when its place was ranked anew keeps its neighbours.
  private mutating func rerank(
    _ place: ThemeID?, from old: [TaskID: Int], to new: [TaskID: Int], as actual: Replay
  ) {
    for (id, task) in tasks where task.themeID == place {
      if let other = actual.tasks[id], other.themeID == place, other.rank == task.rank {
        tasks[id]!.rank = old[id] == task.rank ? new[id] ?? task.rank : task.rank
      } else {
        tasks[id]!.rank = Replay.rank(task.rank, from: old, to: new)
      }
    }
  }

  /// Between where the neighbours of a rank went, or beside the only one.
  private static func rank(_ rank: Int, from old: [TaskID: Int], to new: [TaskID: Int]) -> Int {
    let lower = old.filter { $0.value <= rank }.max { $0.value < $1.value }
    let upper = old.filter { $0.value > rank }.min { $0.value < $1.value }
    switch (lower.flatMap { new[$0.key] }, upper.flatMap { new[$0.key] }) {
    case (let low?, let high?): return low + (high - low) / 2
    case (let low?, nil): return max(rank, low + 1)
    case (nil, let high?): return min(rank, high - 1)
    case (nil, nil): return rank
    }
  }
}

extension Patch {
  /// The record with the patch's fields as they were before.
  func takenBack(_ record: R) -> R {
    var record = record
    Patch(from: after, to: before, fields: fields).apply(to: &record)
    return record
  }
}

extension PlannerEvent {
  fileprivate var themePatch: (ThemeID, Patch<ThemeFields>)? {
    switch self {
    case .themeChanged(let id, let patch), .themeRated(let id, let patch): (id, patch)
    default: nil
    }
  }

  /// A change of a task, of whatever kind.
  var taskPatch: (TaskID, Patch<TaskFields>)? {
    switch self {
    case .taskChanged(let id, let patch), .taskMoved(let id, let patch),
      .taskStarted(let id, let patch), .taskCompleted(let id, let patch),
      .taskReopened(let id, let patch), .taskSnoozed(let id, let patch),
      .taskWoken(let id, let patch):
      (id, patch)
    default: nil
    }
  }
}
