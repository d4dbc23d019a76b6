package import JSON
import Scalars

extension PlannerEvent {
  /// The name in the log.
  package var type: String { eventType.rawValue }

  private var eventType: EventType {
    switch self {
    case .plannerOpened: .plannerOpened
    case .pillarCreated: .pillarCreated
    case .pillarChanged: .pillarChanged
    case .pillarRemoved: .pillarRemoved
    case .themeCreated: .themeCreated
    case .themeChanged: .themeChanged
    case .themeRated: .themeRated
    case .themeRemoved: .themeRemoved
    case .taskCreated: .taskCreated
    case .taskChanged: .taskChanged
    case .taskMoved: .taskMoved
    case .taskStarted: .taskStarted
    case .taskCompleted: .taskCompleted
    case .taskReopened: .taskReopened
    case .taskSnoozed: .taskSnoozed
    case .taskWoken: .taskWoken
    case .taskRemoved: .taskRemoved
    case .tasksReranked: .tasksReranked
    case .preferencesChanged: .preferencesChanged
    case .pillarRestored: .pillarRestored
    case .themeRestored: .themeRestored
    case .taskRestored: .taskRestored
    case .commandUndone: .commandUndone
    case .commandRedone: .commandRedone
    }
  }

  /// The ids and, of the fields that changed, `before` and `after`.
  package var data: JSON {
    switch self {
    case .plannerOpened(let owner): ["ownerId": .string(owner.description)]
    case .pillarCreated(let id, let fields), .pillarRestored(let id, let fields):
      id.data("after", fields)
    case .themeCreated(let id, let fields), .themeRestored(let id, let fields):
      id.data("after", fields)
    case .taskCreated(let id, let fields), .taskRestored(let id, let fields):
      id.data("after", fields)
    case .pillarRemoved(let id, let fields): id.data("before", fields)
    case .themeRemoved(let id, let fields): id.data("before", fields)
    case .taskRemoved(let id, let fields): id.data("before", fields)
    case .pillarChanged(let id, let patch): id.data(patch)
    case .themeChanged(let id, let patch), .themeRated(let id, let patch): id.data(patch)
    case .taskChanged(let id, let patch), .taskMoved(let id, let patch),
      .taskStarted(let id, let patch), .taskCompleted(let id, let patch),
      .taskReopened(let id, let patch), .taskSnoozed(let id, let patch),
      .taskWoken(let id, let patch):
      id.data(patch)
    case .tasksReranked(let theme, let reranking): reranking.data(theme)
    case .preferencesChanged(let patch): ["before": patch.oldMembers, "after": patch.newMembers]
    case .commandUndone(let id), .commandRedone(let id): ["commandId": .string(id.description)]
    }
  }
}

extension EntityID where Self: Stored {
  fileprivate func data(_ side: String, _ fields: some Record) -> JSON {
    [Self.member: stored, side: fields.members]
  }

  fileprivate func data<R>(_ patch: Patch<R>) -> JSON {
    [Self.member: stored, "before": patch.oldMembers, "after": patch.newMembers]
  }
}

extension Patch {
  fileprivate var oldMembers: JSON { before.members(fields) }
  fileprivate var newMembers: JSON { after.members(fields) }
}

extension Reranking {
  fileprivate func data(_ theme: ThemeID?) -> JSON {
    [
      ThemeID.member: theme.stored, "before": ["ranks": Reranking.stored(before)],
      "after": ["ranks": Reranking.stored(after)],
    ]
  }

  private static func stored(_ ranks: [TaskID: Int]) -> JSON {
    let members =
      ranks
      .sorted { ($0.value, $0.key.uuid) < ($1.value, $1.key.uuid) }
      .map { JSONObject.Member(name: $0.key.description, value: .int($0.value)) }
    return .object(JSONObject(unique: members))
  }
}
