package import JSON
package import Scalars

/// One command: what a person wants of a planner. Decoded from an element of Submit's `commands`.
package struct Command: Sendable {
  /// The `commandId` that the caller made.
  package let id: UUID
  /// The version that the planner must have, if one is asked for; compared by whoever appends.
  package let expectedVersion: Int?
  /// When it happened, if not now.
  package let occurredAt: Instant?
  /// What is to be done.
  package let body: Body
  /// What tells this command from another with its id: the body's member and `occurredAt`, as given.
  package let hashedBody: JSON

  /// A command's body, by its name on the wire.
  package enum Body: Equatable, Sendable {
    case createPillar(CreatePillar)
    case changePillar(ChangePillar)
    case removePillar(RemovePillar)
    case createTheme(CreateTheme)
    case changeTheme(ChangeTheme)
    case removeTheme(RemoveTheme)
    case rateTheme(RateTheme)
    case createTask(CreateTask)
    case changeTask(ChangeTask)
    case moveTask(MoveTask)
    case startTask(TaskReference)
    case completeTask(TaskReference)
    case reopenTask(TaskReference)
    case snoozeTask(SnoozeTask)
    case wakeTask(TaskReference)
    case removeTask(TaskReference)
    case changePreferences(ChangePreferences)
    case undo(Undo)
  }

  /// The names that bodies have on the wire.
  package static let names = Set(CommandKind.allCases.map(\.rawValue))

  /// The name of the body's member: `createTask`.
  package var name: String { kind.rawValue }

  /// The id of the thing that the command is about; preferences and an undo have none.
  package var entityID: UUID? {
    switch body {
    case .createPillar(let command): command.pillarID.uuid
    case .changePillar(let command): command.pillarID.uuid
    case .removePillar(let command): command.pillarID.uuid
    case .createTheme(let command): command.themeID.uuid
    case .changeTheme(let command): command.themeID.uuid
    case .removeTheme(let command): command.themeID.uuid
    case .rateTheme(let command): command.themeID.uuid
    case .createTask(let command): command.taskID.uuid
    case .changeTask(let command): command.taskID.uuid
    case .moveTask(let command): command.taskID.uuid
    case .snoozeTask(let command): command.taskID.uuid
    case .startTask(let task), .completeTask(let task), .reopenTask(let task),
      .wakeTask(let task), .removeTask(let task):
      task.taskID.uuid
    case .changePreferences, .undo: nil
    }
  }

  private var kind: CommandKind {
    switch body {
    case .createPillar: .createPillar
    case .changePillar: .changePillar
    case .removePillar: .removePillar
    case .createTheme: .createTheme
    case .changeTheme: .changeTheme
    case .removeTheme: .removeTheme
    case .rateTheme: .rateTheme
    case .createTask: .createTask
    case .changeTask: .changeTask
    case .moveTask: .moveTask
    case .startTask: .startTask
    case .completeTask: .completeTask
    case .reopenTask: .reopenTask
    case .snoozeTask: .snoozeTask
    case .wakeTask: .wakeTask
    case .removeTask: .removeTask
    case .changePreferences: .changePreferences
    case .undo: .undo
    }
  }
}

/// The names of the bodies on the wire.
enum CommandKind: String, CaseIterable {
  case createPillar, changePillar, removePillar
  case createTheme, changeTheme, removeTheme, rateTheme
  case createTask, changeTask, moveTask, startTask, completeTask, reopenTask, snoozeTask, wakeTask
  case removeTask
  case changePreferences
  case undo
}
