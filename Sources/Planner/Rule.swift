/// The rules of the domain. The raw value is the name on the wire.
package enum Rule: String, Sendable, CaseIterable {
  // MARK: The shape of a command

  /// An object, or a field of it, is of another JSON type.
  case wrongType
  /// A required field is absent or null.
  case missingField
  /// A field, or a name in `clear`, that the command does not have.
  case unknownField
  /// An id is not a UUID.
  case invalidID
  /// A date is not a day written YYYY-MM-DD.
  case invalidDate
  /// An instant is not RFC 3339, or outside the years 1 to 9999 of UTC.
  case invalidInstant
  /// A command has no body.
  case noBody
  /// A command has more than one body.
  case severalBodies
  /// `clear` names a field that always has a value.
  case cannotBeEmpty
  /// `clear` names a field that the command also gives.
  case clearedAndGiven

  // MARK: Any command

  /// `occurredAt` is after the moment of deciding.
  case occurredInFuture
  /// All would be as it is.
  case nothingChanged
  /// The id of a new thing was used before, be it by a thing that is removed.
  case idTaken
  case noSuchPillar
  case noSuchTheme
  case noSuchTask

  // MARK: Pillars and themes

  case nameEmpty
  case nameTooLong
  /// Another pillar, or another theme of the pillar, has the name.
  case nameTaken
  /// A colour is not #RRGGBB.
  case invalidColor
  case unknownDomain
  case ratingOutOfRange
  case reflectionTooLong

  // MARK: Tasks

  case titleEmpty
  case titleTooLong
  case descriptionTooLong
  case notesTooLong
  case unknownTimeEstimate
  case effortOutOfRange
  case unknownImpact
  case priorityOutOfRange
  /// Both `dueDate` and `dueAt` are given.
  case dueTwice
  case tagEmpty
  case tagTooLong
  /// The tags of a task are too long together.
  case tagsTooLong
  case alreadyStarted
  case alreadyCompleted
  case alreadyOpen
  /// A task is not snoozed until a time that is over.
  case snoozeNotLater
  case completedTaskSnoozed
  case notSnoozed
  /// Both a theme and the inbox are given as the place.
  case placeTwice
  /// Both `beforeTaskId` and `afterTaskId` are given.
  case beforeAndAfter
  /// A task is not moved before or after itself.
  case movedToItself
  /// The neighbour is not in the place that is given.
  case neighbourElsewhere

  // MARK: Recurrence

  case recurrenceTooLong
  /// Not NAME=VALUE parts separated by semicolons.
  case recurrenceSyntax
  /// FREQ is missing or unknown.
  case recurrenceFrequency
  /// A part of the rule is unknown, twice, or has a value out of its range.
  case recurrencePart
  /// Both COUNT and UNTIL are given.
  case recurrenceEndsTwice
  case unknownAnchor
  case unknownCatchUp
  case unknownGate

  // MARK: Preferences

  case weightOutOfRange
  /// The four weights do not sum to 100.
  case weightsSum
  case unknownTimezone
  /// Not a time of day written HH:MM.
  case invalidTimeOfDay
  /// Work does not start before it ends.
  case workHoursOrder
  case unknownWeekday
  case extraTooLong

  // MARK: Undo

  /// No command is named.
  case noCommands
  /// More commands are named, or were built on those, than one undo may concern.
  case tooManyCommands
  /// A command is named twice.
  case commandTwice
  /// The planner's log has no such command.
  case noSuchCommand
  /// The command does not count: another undo has taken it back.
  case alreadyUndone
  /// The contents of its events are erased, or it erased some itself.
  case cannotBeUndone
  /// Later commands need what would be undone.
  case builtUpon
}
