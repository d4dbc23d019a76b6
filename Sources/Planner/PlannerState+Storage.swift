package import JSON
import Scalars

extension PlannerState {
  /// The form of `stored`, and what events add up to. Raised whenever a state that was stored before would be read as
  /// another one than its events give now.
  package static let format = 1

  /// The state as JSON: of each thing that is there the data of the event that creates it as it is now.
  package var stored: JSON {
    let pillars = ordered(pillars, owns: owns).map { PlannerEvent.pillarCreated($0, $1).data }
    let themes = ordered(themes, owns: owns).map { PlannerEvent.themeCreated($0, $1).data }
    let tasks = tasks.map { PlannerEvent.taskCreated($0, $1).data }
    let order = themeOrder.map {
      JSONObject.Member(name: $0.key.uuid.description, value: .int($0.value))
    }
    return [
      "version": .int(version), "pillars": .array(pillars), "themes": .array(themes),
      "tasks": .array(tasks), "preferences": preferences.members,
      "themeOrder": .object(JSONObject(unique: order)),
      "removed": .array(removedIDs.map { .string($0.description) }),
    ]
  }

  /// The state that was stored; nil where it cannot be read.
  package init?(stored: JSON) {
    guard let version = stored["version"]?.int,
      let preferences = Preferences(members: stored["preferences"] ?? .null),
      let order = stored["themeOrder"]?.object?.members,
      let removed = stored["removed"]?.array
    else { return nil }
    var state = PlannerState()
    for (member, type) in [
      ("pillars", EventType.pillarCreated), ("themes", .themeCreated), ("tasks", .taskCreated),
    ] {
      guard let things = stored[member]?.array else { return nil }
      for data in things {
        guard let event = PlannerEvent(type: type.rawValue, data: data) else { return nil }
        state.evolve(event)
      }
    }
    var themeOrder: [ThemeID: Int] = [:]
    for member in order {
      guard let id = UUID(member.name), let version = member.value.int else { return nil }
      themeOrder[ThemeID(id)] = version
    }
    for id in removed {
      guard let id = id.string.flatMap({ UUID($0) }) else { return nil }
      state.usedIDs.insert(id)
    }
    state.preferences = preferences
    state.themeOrder = themeOrder
    state.version = version
    self = state
  }

  /// How much memory it takes, roughly, in bytes.
  package var weight: Int { 1_000 + 800 * tasks.count + 64 * usedIDs.count + 400 * themes.count }

  private var removedIDs: [UUID] {
    usedIDs.filter {
      pillars[PillarID($0)] == nil && themes[ThemeID($0)] == nil && tasks[TaskID($0)] == nil
    }
  }

  /// Names are given one after the other: where an erasure has left two things with one name, the one that goes by it is
  /// the last.
  private func ordered<ID, Fields>(
    _ things: [ID: Fields], owns: (ID, Fields) -> Bool
  ) -> [(ID, Fields)] {
    let all = things.map { ($0.key, $0.value) }
    return all.filter { !owns($0.0, $0.1) } + all.filter { owns($0.0, $0.1) }
  }

  private func owns(_ id: PillarID, _ fields: PillarFields) -> Bool {
    pillarsByName[fields.name] == id
  }

  private func owns(_ id: ThemeID, _ fields: ThemeFields) -> Bool {
    themesByName[fields.pillarID]?[fields.name] == id
  }
}
