// The names and fields of events are storage: once landed they never change meaning. A changed shape is a
// new field or a new event with an upcaster.

package import JSON
package import Scalars

/// The names of a planner's events in the log.
enum EventType: String, CaseIterable {
  case plannerOpened = "PlannerOpened"
  case pillarCreated = "PillarCreated"
  case pillarChanged = "PillarChanged"
  case pillarRemoved = "PillarRemoved"
  case themeCreated = "ThemeCreated"
  case themeChanged = "ThemeChanged"
  case themeRated = "ThemeRated"
  case themeRemoved = "ThemeRemoved"
  case taskCreated = "TaskCreated"
  case taskChanged = "TaskChanged"
  case taskMoved = "TaskMoved"
  case taskStarted = "TaskStarted"
  case taskCompleted = "TaskCompleted"
  case taskReopened = "TaskReopened"
  case taskSnoozed = "TaskSnoozed"
  case taskWoken = "TaskWoken"
  case taskRemoved = "TaskRemoved"
  case tasksReranked = "TasksReranked"
  case preferencesChanged = "PreferencesChanged"
  case pillarRestored = "PillarRestored"
  case themeRestored = "ThemeRestored"
  case taskRestored = "TaskRestored"
  case commandUndone = "CommandUndone"
  case commandRedone = "CommandRedone"
}

/// What happened to a planner.
package indirect enum PlannerEvent: Equatable, Sendable {
  case plannerOpened(owner: UUID)
  case pillarCreated(PillarID, PillarFields)
  case pillarChanged(PillarID, Patch<PillarFields>)
  case pillarRemoved(PillarID, PillarFields)
  case themeCreated(ThemeID, ThemeFields)
  case themeChanged(ThemeID, Patch<ThemeFields>)
  case themeRated(ThemeID, Patch<ThemeFields>)
  case themeRemoved(ThemeID, ThemeFields)
  case taskCreated(TaskID, TaskFields)
  case taskChanged(TaskID, Patch<TaskFields>)
  case taskMoved(TaskID, Patch<TaskFields>)
  case taskStarted(TaskID, Patch<TaskFields>)
  case taskCompleted(TaskID, Patch<TaskFields>)
  case taskReopened(TaskID, Patch<TaskFields>)
  case taskSnoozed(TaskID, Patch<TaskFields>)
  case taskWoken(TaskID, Patch<TaskFields>)
  case taskRemoved(TaskID, TaskFields)
  case tasksReranked(ThemeID?, Reranking)
  case preferencesChanged(Patch<Preferences>)
  /// A removed thing is back, with these fields.
  case pillarRestored(PillarID, PillarFields)
  case themeRestored(ThemeID, ThemeFields)
  case taskRestored(TaskID, TaskFields)
  /// A command no longer counts.
  case commandUndone(UUID)
  /// A command counts again.
  case commandRedone(UUID)
}

/// New ranks for tasks of one theme or the inbox: those that changed, as they were and as they became.
package struct Reranking: Equatable, Sendable {
  let before: [TaskID: Int]
  let after: [TaskID: Int]
}

/// An event as it goes to the log.
package struct NewEvent: Sendable, Equatable {
  /// The name of the event.
  package let type: String
  /// An object with the ids and, of the fields that changed, `before` and `after`.
  package let data: JSON

  package init(type: String, data: JSON) {
    self.type = type
    self.data = data
  }

  package init(_ event: PlannerEvent) {
    self.init(type: event.type, data: event.data)
  }
}
