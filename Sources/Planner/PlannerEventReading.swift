package import JSON
import Scalars

extension PlannerEvent {
  /// Reads an event of the log; nil for an unknown type and for data that does not fit. Members that are
  /// not known are passed over.
  package init?(type: String, data: JSON) {
    guard let type = EventType(rawValue: type),
      let event = PlannerEvent.ofPlanner(type, data) ?? PlannerEvent.ofPillar(type, data)
        ?? PlannerEvent.ofTheme(type, data) ?? PlannerEvent.ofTask(type, data)
    else { return nil }
    self = event
  }

  private static func ofPlanner(_ type: EventType, _ data: JSON) -> PlannerEvent? {
    switch type {
    case .plannerOpened:
      data["ownerId"]?.string.flatMap { UUID($0) }.map { .plannerOpened(owner: $0) }
    case .preferencesChanged: Patch(data: data).map { .preferencesChanged($0) }
    case .commandUndone: commandID(data).map { .commandUndone($0) }
    case .commandRedone: commandID(data).map { .commandRedone($0) }
    default: nil
    }
  }

  private static func ofPillar(_ type: EventType, _ data: JSON) -> PlannerEvent? {
    switch type {
    case .pillarCreated: record(data, "after").map { .pillarCreated($0, $1) }
    case .pillarChanged: patch(data).map { .pillarChanged($0, $1) }
    case .pillarRemoved: record(data, "before").map { .pillarRemoved($0, $1) }
    case .pillarRestored: record(data, "after").map { .pillarRestored($0, $1) }
    default: nil
    }
  }

  private static func ofTheme(_ type: EventType, _ data: JSON) -> PlannerEvent? {
    switch type {
    case .themeCreated: record(data, "after").map { .themeCreated($0, $1) }
    case .themeChanged: patch(data).map { .themeChanged($0, $1) }
    case .themeRated: patch(data, ThemeFields.ratingFields).map { .themeRated($0, $1) }
    case .themeRemoved: record(data, "before").map { .themeRemoved($0, $1) }
    case .themeRestored: record(data, "after").map { .themeRestored($0, $1) }
    default: nil
    }
  }

  private static func ofTask(_ type: EventType, _ data: JSON) -> PlannerEvent? {
    switch type {
    case .taskCreated: record(data, "after").map { .taskCreated($0, $1) }
    case .taskChanged: patch(data).map { .taskChanged($0, $1) }
    case .taskMoved: patch(data, TaskFields.placeFields).map { .taskMoved($0, $1) }
    case .taskStarted: patch(data, TaskFields.statusFields).map { .taskStarted($0, $1) }
    case .taskCompleted: patch(data, TaskFields.statusFields).map { .taskCompleted($0, $1) }
    case .taskReopened: patch(data, TaskFields.statusFields).map { .taskReopened($0, $1) }
    case .taskSnoozed: patch(data, TaskFields.snoozeFields).map { .taskSnoozed($0, $1) }
    case .taskWoken: patch(data, TaskFields.snoozeFields).map { .taskWoken($0, $1) }
    case .taskRemoved: record(data, "before").map { .taskRemoved($0, $1) }
    case .taskRestored: record(data, "after").map { .taskRestored($0, $1) }
    case .tasksReranked: reranking(data)
    default: nil
    }
  }

  private static func commandID(_ data: JSON) -> UUID? {
    data["commandId"]?.string.flatMap { UUID($0) }
  }

  private static func record<ID: EntityID & Stored, R: Record>(
    _ data: JSON, _ side: String
  ) -> (ID, R)? {
    guard let id = ID(stored: data[ID.member] ?? .null),
      let fields = R(members: data[side] ?? .null)
    else { return nil }
    return (id, fields)
  }

  private static func patch<ID: EntityID & Stored, R: Record>(
    _ data: JSON, _ required: FieldMask = []
  ) -> (ID, Patch<R>)? {
    guard let id = ID(stored: data[ID.member] ?? .null),
      let patch = Patch<R>(data: data, requiring: required)
    else { return nil }
    return (id, patch)
  }

  private static func reranking(_ data: JSON) -> PlannerEvent? {
    guard let theme = ThemeID?(stored: data[ThemeID.member] ?? .null),
      let before = ranks(data["before"]), let after = ranks(data["after"])
    else { return nil }
    return .tasksReranked(theme, Reranking(before: before, after: after))
  }

  private static func ranks(_ side: JSON?) -> [TaskID: Int]? {
    guard let members = side?["ranks"]?.object?.members else { return nil }
    var ranks: [TaskID: Int] = [:]
    ranks.reserveCapacity(members.count)
    for member in members {
      guard let uuid = UUID(member.name), let rank = member.value.int else { return nil }
      ranks[TaskID(uuid)] = rank
    }
    return ranks
  }
}
