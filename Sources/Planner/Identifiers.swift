package import Scalars

/// The id of a thing of one kind; the storage and the wire call it by `member`.
package protocol EntityID: Hashable, Sendable, CustomStringConvertible {
  /// The name of such an id in commands and events: `taskId`.
  static var member: String { get }
  var uuid: UUID { get }
  init(_ uuid: UUID)
}

extension EntityID {
  package var description: String { uuid.description }
}

/// The id of a pillar.
package struct PillarID: EntityID {
  package static let member = "pillarId"
  package let uuid: UUID

  package init(_ uuid: UUID) {
    self.uuid = uuid
  }
}

/// The id of a theme.
package struct ThemeID: EntityID {
  package static let member = "themeId"
  package let uuid: UUID

  package init(_ uuid: UUID) {
    self.uuid = uuid
  }
}

/// The id of a task.
package struct TaskID: EntityID {
  package static let member = "taskId"
  package let uuid: UUID

  package init(_ uuid: UUID) {
    self.uuid = uuid
  }
}
