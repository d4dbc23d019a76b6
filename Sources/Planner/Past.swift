package import JSON
package import Scalars

/// What an undo must know of a planner's past.
package struct PastNeed: Sendable, Equatable {
  /// Commands, with all that happened since the first of them to what they touched.
  package var commands: Set<UUID>
  /// Things more to know about over that time.
  package var entities: Set<UUID>

  package init(commands: Set<UUID> = [], entities: Set<UUID> = []) {
    self.commands = commands
    self.entities = entities
  }

  package var isEmpty: Bool { commands.isEmpty && entities.isEmpty }
}

/// A thing that events are about.
enum Entity: Hashable, Sendable {
  case pillar(PillarID)
  case theme(ThemeID)
  case task(TaskID)
  case preferences

  var isTask: Bool {
    if case .task = self { true } else { false }
  }

  var uuid: UUID? {
    switch self {
    case .pillar(let id): id.uuid
    case .theme(let id): id.uuid
    case .task(let id): id.uuid
    case .preferences: nil
    }
  }
}

/// A part of a planner's past: the events that concern certain commands and what those touched, with the commands
/// that wrote them.
package struct Past: Sendable {
  /// A command of the past, as far as its events are known.
  struct Deed: Sendable {
    let name: String
    /// Of the first of its events that is known.
    let version: Int
    /// Indices of its events.
    var steps: [Int] = []
    /// Whether the data of one of its events is gone.
    var isErased = false
    /// Of an undo: the commands that it undid itself.
    var targets: Set<UUID> = []

    var isUndo: Bool { name == CommandKind.undo.rawValue }
  }

  /// An event of a command.
  struct Step: Sendable {
    let version: Int
    let commandID: UUID
    let event: PlannerEvent
  }

  /// What was asked for: of this the past tells all.
  let covered: PastNeed
  /// The planner's version when it was asked for; of what came later the past tells all.
  let through: Int

  private(set) var steps: [Step] = []
  private(set) var deeds: [UUID: Deed] = [:]
  /// The undos in order.
  private(set) var undos: [UUID] = []
  /// The events that are about a thing.
  private(set) var about: [Entity: [Int]] = [:]
  /// The events that put something into a theme or pillar.
  private(set) var into: [Entity: [Int]] = [:]
  private(set) var rerankings: [Int] = []
  /// What was asked for and everything that its commands touched.
  private(set) var known: Set<Entity> = []

  /// A past of which nothing was asked, so that all that is known is what is added.
  package init(covering covered: PastNeed = PastNeed(), through version: Int = 0) {
    self.covered = covered
    through = version
  }

  /// Adds the next event. `command` is the name of its command, which at least the first event has that is added.
  package mutating func add(
    version: Int, type: String, data: JSON?, commandID: UUID, command: String?
  ) {
    if deeds[commandID] == nil {
      deeds[commandID] = Deed(name: command ?? "", version: version)
      if deeds[commandID]!.isUndo { undos.append(commandID) }
    }
    guard let data else {
      deeds[commandID]!.isErased = true
      return
    }
    guard let event = PlannerEvent(type: type, data: data) else { return }
    note(event, version, commandID)
    deeds[commandID]!.steps.append(steps.count)
    steps.append(Step(version: version, commandID: commandID, event: event))
  }

  private mutating func note(_ event: PlannerEvent, _ version: Int, _ commandID: UUID) {
    let index = steps.count
    switch event {
    case .tasksReranked: rerankings.append(index)
    case .commandUndone(let id): deeds[commandID]!.targets.insert(id)
    case .commandRedone(let id):
      // What a command does that counts again is no doing of the undo that lets it count.
      deeds[commandID]!.targets.subtract(deeds[id]?.targets ?? [])
    default: break
    }
    if let entity = event.entity {
      about[entity, default: []].append(index)
      if version <= through, covered.commands.contains(commandID) { known.insert(entity) }
    }
    if let container = event.container { into[container, default: []].append(index) }
  }

  /// Whether all events of a command are known, or that there are none.
  func knows(command id: UUID) -> Bool {
    covered.commands.contains(id) || deeds[id].map { $0.version > through } ?? false
  }

  /// Whether all that happened to a thing is known, from the first of the commands on that were asked for.
  func knows(_ entity: Entity) -> Bool {
    known.contains(entity) || entity.uuid.map { covered.entities.contains($0) } ?? false
  }

  /// The events, in order, that are about some things, put something into them or spread ranks. Of a thing about which
  /// not all is known those that came after the past was asked for.
  func indices(of scope: Set<Entity>) -> [Int] {
    var indices: Set<Int> = []
    for entity in scope {
      let isKnown = knows(entity)
      for index in about[entity] ?? [] where isKnown || steps[index].version > through {
        indices.insert(index)
      }
      indices.formUnion(into[entity] ?? [])
    }
    if scope.contains(where: \.isTask) { indices.formUnion(rerankings) }
    return indices.sorted()
  }

  /// The events of a command.
  func steps(of command: UUID) -> some Sequence<Step> {
    (deeds[command]?.steps ?? []).lazy.map { steps[$0] }
  }
}

extension PlannerEvent {
  /// The thing that it is about.
  var entity: Entity? {
    switch self {
    case .plannerOpened, .commandUndone, .commandRedone, .tasksReranked: nil
    case .pillarCreated(let id, _), .pillarRemoved(let id, _), .pillarRestored(let id, _):
      .pillar(id)
    case .pillarChanged(let id, _): .pillar(id)
    case .themeCreated(let id, _), .themeRemoved(let id, _), .themeRestored(let id, _): .theme(id)
    case .themeChanged(let id, _), .themeRated(let id, _): .theme(id)
    case .taskCreated(let id, _), .taskRemoved(let id, _), .taskRestored(let id, _): .task(id)
    case .taskChanged(let id, _), .taskMoved(let id, _), .taskStarted(let id, _),
      .taskCompleted(let id, _), .taskReopened(let id, _), .taskSnoozed(let id, _),
      .taskWoken(let id, _):
      .task(id)
    case .preferencesChanged: .preferences
    }
  }

  /// What it puts the thing into.
  var container: Entity? {
    switch self {
    case .themeCreated(_, let theme), .themeRestored(_, let theme): .pillar(theme.pillarID)
    case .themeChanged(_, let patch) where patch.fields.contains(ThemeFields.pillarField):
      .pillar(patch.after.pillarID)
    case .taskCreated(_, let task), .taskRestored(_, let task): task.themeID.map { .theme($0) }
    case .taskMoved(_, let patch), .taskChanged(_, let patch):
      patch.fields.contains(TaskFields.themeField) ? patch.after.themeID.map { .theme($0) } : nil
    default: nil
    }
  }
}
