package import JSON
import Scalars

/// What a planner's events add up to, as far as deciding needs it.
package struct PlannerState: Sendable, Equatable {
  /// The version of the last event; 0 before the first.
  package internal(set) var version = 0

  private(set) var pillars: [PillarID: PillarFields] = [:]
  private(set) var themes: [ThemeID: ThemeFields] = [:]
  private(set) var tasks: [TaskID: TaskFields] = [:]
  var preferences = Preferences()

  /// Ids of whatever was ever created, removed things included.
  var usedIDs: Set<UUID> = []
  private(set) var pillarsByName: [Text: PillarID] = [:]
  private(set) var themesByName: [PillarID: [Text: ThemeID]] = [:]
  /// The version at which a theme was first created, removed ones included.
  var themeOrder: [ThemeID: Int] = [:]
  /// By theme; nil is the inbox.
  private var places: [ThemeID?: RankedTasks] = [:]

  package init() {}

  /// The themes of a pillar, oldest first.
  func themes(of pillar: PillarID) -> [ThemeID] {
    let themes = themesByName[pillar]?.values.map { $0 } ?? []
    return themes.sorted { themeOrder[$0, default: 0] < themeOrder[$1, default: 0] }
  }

  /// The tasks of a theme or, for nil, of the inbox.
  func ranked(in theme: ThemeID?) -> RankedTasks {
    places[theme] ?? RankedTasks()
  }

  /// Folds an event of the log in. One of an unknown type, one that does not fit and an erased one (without
  /// data) only move the version.
  package mutating func evolve(type: String, data: JSON?, version: Int) {
    if let data, let event = PlannerEvent(type: type, data: data) { evolve(event) }
    self.version = version
  }

  /// Folds the next event in.
  package mutating func evolve(_ event: PlannerEvent) {
    version += 1
    switch event {
    case .plannerOpened, .commandUndone, .commandRedone: break
    case .pillarCreated(let id, let fields), .pillarRestored(let id, let fields):
      create(id, fields)
    case .pillarChanged(let id, let patch): change(id, patch)
    case .pillarRemoved(let id, _): remove(id)
    case .themeCreated(let id, let fields), .themeRestored(let id, let fields):
      create(id, fields)
    case .themeChanged(let id, let patch), .themeRated(let id, let patch): change(id, patch)
    case .themeRemoved(let id, _): remove(id)
    case .taskCreated(let id, let fields), .taskRestored(let id, let fields): create(id, fields)
    case .taskChanged(let id, let patch), .taskStarted(let id, let patch),
      .taskCompleted(let id, let patch), .taskReopened(let id, let patch),
      .taskSnoozed(let id, let patch), .taskWoken(let id, let patch),
      .taskMoved(let id, let patch):
      change(id, patch)
    case .taskRemoved(let id, _): remove(id)
    case .tasksReranked(_, let reranking): rerank(reranking)
    case .preferencesChanged(let patch): patch.apply(to: &preferences)
    }
  }
}

// An event about a thing that is not there is passed over: its creation may have been erased.

// MARK: Pillars

extension PlannerState {
  private mutating func create(_ id: PillarID, _ fields: PillarFields) {
    usedIDs.insert(id.uuid)
    if let old = pillars.updateValue(fields, forKey: id) { forget(old.name, of: id) }
    pillarsByName[fields.name] = id
  }

  private mutating func change(_ id: PillarID, _ patch: Patch<PillarFields>) {
    guard let old = pillars[id]?.name else { return }
    patch.apply(to: &pillars[id]!)
    forget(old, of: id)
    pillarsByName[pillars[id]!.name] = id
  }

  private mutating func remove(_ id: PillarID) {
    guard let old = pillars.removeValue(forKey: id) else { return }
    forget(old.name, of: id)
  }

  private mutating func forget(_ name: Text, of id: PillarID) {
    if pillarsByName[name] == id { pillarsByName[name] = nil }
  }
}

// MARK: Themes

extension PlannerState {
  private mutating func create(_ id: ThemeID, _ fields: ThemeFields) {
    usedIDs.insert(id.uuid)
    if let old = themes.updateValue(fields, forKey: id) { forget(old, id) }
    themesByName[fields.pillarID, default: [:]][fields.name] = id
    if themeOrder[id] == nil { themeOrder[id] = version }
  }

  private mutating func change(_ id: ThemeID, _ patch: Patch<ThemeFields>) {
    guard let old = themes[id] else { return }
    patch.apply(to: &themes[id]!)
    let new = themes[id]!
    if (old.pillarID, old.name) == (new.pillarID, new.name) { return }
    forget(old, id)
    themesByName[new.pillarID, default: [:]][new.name] = id
  }

  private mutating func remove(_ id: ThemeID) {
    guard let old = themes.removeValue(forKey: id) else { return }
    forget(old, id)
  }

  private mutating func forget(_ fields: ThemeFields, _ id: ThemeID) {
    guard themesByName[fields.pillarID]?[fields.name] == id else { return }
    themesByName[fields.pillarID]?[fields.name] = nil
    if themesByName[fields.pillarID]?.isEmpty == true { themesByName[fields.pillarID] = nil }
  }
}

// MARK: Tasks

extension PlannerState {
  private mutating func create(_ id: TaskID, _ fields: TaskFields) {
    usedIDs.insert(id.uuid)
    if let old = tasks.updateValue(fields, forKey: id) { take(id, old) }
    places[fields.themeID, default: RankedTasks()].insert(.init(rank: fields.rank, id: id))
  }

  private mutating func change(_ id: TaskID, _ patch: Patch<TaskFields>) {
    guard let old = tasks[id] else { return }
    patch.apply(to: &tasks[id]!)
    if patch.fields.isDisjoint(with: TaskFields.placeFields) { return }
    take(id, old)
    let new = tasks[id]!
    places[new.themeID, default: RankedTasks()].insert(.init(rank: new.rank, id: id))
  }

  private mutating func remove(_ id: TaskID) {
    guard let old = tasks.removeValue(forKey: id) else { return }
    take(id, old)
  }

  private mutating func rerank(_ reranking: Reranking) {
    for (id, rank) in reranking.after {
      guard let old = tasks[id] else { continue }
      take(id, old)
      tasks[id]!.rank = rank
      places[old.themeID, default: RankedTasks()].insert(.init(rank: rank, id: id))
    }
  }

  private mutating func take(_ id: TaskID, _ fields: TaskFields) {
    places[fields.themeID]?.remove(.init(rank: fields.rank, id: id))
    if places[fields.themeID]?.isEmpty == true { places[fields.themeID] = nil }
  }
}
