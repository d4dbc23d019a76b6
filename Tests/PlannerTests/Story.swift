import JSON
import Scalars
import Testing

@testable import Planner

/// A planner with its whole log, for tests of what looks back.
struct Story {
  struct Entry {
    let version: Int
    let commandID: UUID
    let name: String
    let event: PlannerEvent
    let data: JSON
    let type: String
  }

  private(set) var state = PlannerState()
  private(set) var log: [Entry] = []
  /// The commands that were accepted, in order, as they were sent.
  private(set) var commands: [(id: UUID, name: String, json: JSON)] = []
  /// Commands that no longer count.
  private(set) var undone: Set<UUID> = []
  private var number = 0

  /// Carries out commands, named 1, 2, 3 in their order.
  init(_ commands: (String, JSON)..., location: SourceLocation = #_sourceLocation) {
    for (name, body) in commands {
      let result = carryOut(name, body)
      guard case .success = result else {
        Issue.record("\(name): \(result)", sourceLocation: location)
        continue
      }
    }
  }

  static func commandID(_ number: Int) -> UUID { UUID(high: 0xC0DE, low: UInt64(number)) }

  /// Decides a command, and does what was decided.
  @discardableResult
  mutating func carryOut(_ name: String, _ body: JSON) -> Result<[Decision], Rejection> {
    number += 1
    let id = Story.commandID(number)
    return carryOut(["commandId": .string(id.description), name: body])
  }

  @discardableResult
  mutating func carryOut(_ json: JSON) -> Result<[Decision], Rejection> {
    let result = decide(json)
    guard case .success(let decisions) = result, let command = try? Command(json: json) else {
      return result
    }
    for decision in decisions {
      state.evolve(decision.event)
      log.append(
        Entry(
          version: state.version, commandID: command.id, name: command.name,
          event: decision.event, data: decision.event.data, type: decision.event.type))
      switch decision.event {
      case .commandUndone(let id): undone.insert(id)
      case .commandRedone(let id): undone.remove(id)
      default: break
      }
    }
    commands.append((command.id, command.name, json))
    return result
  }

  /// Undoes commands by their numbers.
  @discardableResult
  mutating func undo(_ numbers: Int..., cascade: Bool = false) -> Result<[Decision], Rejection> {
    carryOut("undo", Story.undo(numbers.map { Story.commandID($0) }, cascade: cascade))
  }

  static func undo(_ ids: [UUID], cascade: Bool = false) -> JSON {
    ["commandIds": .array(ids.map { .string($0.description) }), "cascade": .bool(cascade)]
  }

  /// Decides a command on no more of the past than it asks for.
  func decide(_ json: JSON) -> Result<[Decision], Rejection> {
    do throws(Rejection) {
      let command = try Command(json: json)
      var need = PastNeed()
      var past = Past()
      while let more = pastNeeded(command, state, past) {
        need.commands.formUnion(more.commands)
        need.entities.formUnion(more.entities)
        past = self.past(need)
      }
      return .success(try Planner.decide(command, state, context(past)))
    } catch {
      return .failure(error)
    }
  }

  /// Decides a command knowing all of the past.
  func decideKnowingAll(_ json: JSON) -> Result<[Decision], Rejection> {
    var need = PastNeed(commands: Set(log.map(\.commandID)))
    if let command = try? Command(json: json), case .undo(let undo) = command.body {
      need.commands.formUnion(undo.commandIDs)
    }
    var past = Past(covering: need, through: state.version)
    for entry in log { add(entry, to: &past) }
    do throws(Rejection) {
      return .success(try Planner.decide(try Command(json: json), state, context(past)))
    } catch {
      return .failure(error)
    }
  }

  private func context(_ past: Past) -> DecisionContext {
    DecisionContext(
      now: Given.now, ownerID: Given.owner, timezones: Given.context.timezones, past: past)
  }

  private func add(_ entry: Entry, to past: inout Past) {
    past.add(
      version: entry.version, type: entry.type, data: entry.data,
      commandID: entry.commandID, command: entry.name)
  }

  // MARK: What the log would give

  private func past(_ need: PastNeed) -> Past {
    var past = Past(covering: need, through: state.version)
    let own = log.filter { need.commands.contains($0.commandID) }
    guard var start = own.map(\.version).min() else { return past }
    let named = need.entities.map(\.description)
    let entities = Set(own.compactMap(Story.entity) + named)
    let holders = Set(own.filter(Story.holds).compactMap(Story.entity))
    while let older = begin(before: start, entities) { start = older }
    for entry in log where entry.version >= start {
      let after = entry.data["after"]
      let places = [after?["themeId"]?.string, after?["pillarId"]?.string].compactMap(\.self)
      if ["CommandUndone", "CommandRedone", "TasksReranked"].contains(entry.type)
        || need.commands.contains(entry.commandID)
        || Story.entity(entry).map(entities.contains) == true
        || places.contains(where: holders.contains)
      {
        add(entry, to: &past)
      }
    }
    return past
  }

  private func begin(before start: Int, _ entities: Set<String>) -> Int? {
    let marked = log.filter { $0.version >= start }.compactMap { entry -> UUID? in
      switch entry.event {
      case .commandUndone(let id), .commandRedone(let id): id
      default: nil
      }
    }
    let older = log.filter { entry in
      entry.version < start && marked.contains(entry.commandID)
        && Story.entity(entry).map(entities.contains) == true
    }
    return older.compactMap { entry in
      log.first { $0.commandID == entry.commandID }?.version
    }.min()
  }

  private static func entity(_ entry: Entry) -> String? {
    let data = entry.data
    switch entry.type {
    case "PreferencesChanged": return "preferences"
    case "TasksReranked": return nil
    default: return (data["taskId"] ?? data["themeId"] ?? data["pillarId"])?.string
    }
  }

  private static func holds(_ entry: Entry) -> Bool {
    let type = entry.type
    return (type.hasPrefix("Pillar") || type.hasPrefix("Theme"))
      && ["Created", "Removed", "Restored"].contains { type.hasSuffix($0) }
  }
}

/// What a state holds, but for what never goes back: versions and used ids.
struct Contents: Equatable {
  let pillars: [PillarID: PillarFields]
  let themes: [ThemeID: ThemeFields]
  let tasks: [TaskID: TaskFields]
  let preferences: Preferences

  init(_ state: PlannerState) {
    pillars = state.pillars
    themes = state.themes
    tasks = state.tasks
    preferences = state.preferences
  }

  /// The same with all ranks alike.
  var unranked: Contents { Contents(self, tasks.mapValues(\.unranked)) }

  private init(_ contents: Contents, _ tasks: [TaskID: TaskFields]) {
    pillars = contents.pillars
    themes = contents.themes
    self.tasks = tasks
    preferences = contents.preferences
  }
}

extension TaskFields {
  fileprivate var unranked: TaskFields {
    var fields = self
    fields.rank = 0
    return fields
  }
}
