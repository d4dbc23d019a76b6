/// The definition of `org.plannerd.planner`, as clients introspect it.
enum PlannerInterface {
  static let name = "org.plannerd.planner"

  static let definition = [head, commandTypes, methods].joined(separator: "\n\n")

  private static let head = #"""
    # Commands, audit and following. Who calls is what the kernel says of the socket's other end; `planner`
    # absent means the caller's own. Instants are RFC 3339 strings, dates YYYY-MM-DD, ids UUIDs that the
    # caller makes. An absent parameter and a null one are the same.
    interface org.plannerd.planner
    """#

  /// The type Command and those that it is made of. The views' interface repeats them, since Varlink cannot import.
  static let commandTypes = #"""
    # One command: an id, and exactly one body. With expectedVersion it is refused as a conflict unless
    # the planner had that version before this Submit. occurredAt says when it happened, if not now.
    type Command (
      commandId: string,
      expectedVersion: ?int,
      occurredAt: ?string,
      createPillar: ?CreatePillar,
      changePillar: ?ChangePillar,
      removePillar: ?RemovePillar,
      createTheme: ?CreateTheme,
      changeTheme: ?ChangeTheme,
      removeTheme: ?RemoveTheme,
      rateTheme: ?RateTheme,
      createTask: ?CreateTask,
      changeTask: ?ChangeTask,
      moveTask: ?MoveTask,
      startTask: ?TaskReference,
      completeTask: ?TaskReference,
      reopenTask: ?TaskReference,
      snoozeTask: ?SnoozeTask,
      wakeTask: ?TaskReference,
      removeTask: ?TaskReference,
      changePreferences: ?ChangePreferences,
      undo: ?Undo
    )

    # color is #RRGGBB (default #808080), domain work or personal (default personal).
    type CreatePillar (pillarId: string, name: string, color: ?string, domain: ?string)

    # Absent fields stay as they are; `clear` names those to empty.
    type ChangePillar (
      pillarId: string, name: ?string, color: ?string, domain: ?string, clear: ?[]string
    )

    type RemovePillar (pillarId: string)

    type CreateTheme (themeId: string, pillarId: string, name: string)

    type ChangeTheme (themeId: string, pillarId: ?string, name: ?string, clear: ?[]string)

    type RemoveTheme (themeId: string)

    # ratingPercent is 0 to 100.
    type RateTheme (themeId: string, ratingPercent: int, note: ?string)

    # An RFC 5545 RRULE and three switches: anchor due or completion, catchUp all, next or single,
    # gate schedule or afterDone.
    type Recurrence (rule: string, anchor: ?string, catchUp: ?string, gate: ?string)

    # Without a theme the task is in the inbox. timeEstimate is 15m, 30m, 1h or 2h+; impact H, M or L;
    # priority 1 to 5, 5 the most important; at most one of dueDate and dueAt.
    type CreateTask (
      taskId: string,
      themeId: ?string,
      title: string,
      description: ?string,
      notes: ?string,
      timeEstimate: ?string,
      effortMinutes: ?int,
      impact: ?string,
      priority: ?int,
      dueDate: ?string,
      dueAt: ?string,
      tags: ?[]string,
      recurrence: ?Recurrence
    )

    type ChangeTask (
      taskId: string,
      title: ?string,
      description: ?string,
      notes: ?string,
      timeEstimate: ?string,
      effortMinutes: ?int,
      impact: ?string,
      priority: ?int,
      dueDate: ?string,
      dueAt: ?string,
      tags: ?[]string,
      recurrence: ?Recurrence,
      clear: ?[]string
    )

    # To the end of a theme, or before or after another task. With neither themeId nor inbox the task
    # stays where it is, or goes to where beforeTaskId or afterTaskId is.
    type MoveTask (
      taskId: string, themeId: ?string, inbox: ?bool, beforeTaskId: ?string, afterTaskId: ?string
    )

    type TaskReference (taskId: string)

    type SnoozeTask (taskId: string, until: string)

    # The four weights are 0 to 100 and sum to 100. extra is free JSON.
    type ChangePreferences (
      urgency: ?int,
      priority: ?int,
      impact: ?int,
      effort: ?int,
      timezone: ?string,
      workStart: ?string,
      workEnd: ?string,
      weekStart: ?string,
      habitLearning: ?bool,
      extra: ?object,
      clear: ?[]string
    )

    # Takes 1 to 1000 commands back, however old: the planner becomes what it would be had they never been, and all
    # that was done since stays. Undoing an undo does again what it undid. Where later commands were built on them,
    # it is refused as builtUpon, and those are the outcome's dependents; with cascade they are undone too. Used ids
    # stay used.
    type Undo (commandIds: []string, cascade: ?bool)
    """#

  private static let methods = #"""
    # duplicate: the log holds this command, with the same JSON of its body and occurredAt (members in any order, numbers
    # and texts as they were); idReused: with another. withheld: innocent, in an atomic batch that failed.
    type Result (applied, duplicate, rejected, conflict, idReused, withheld)

    # What became of one command; commandId is empty where it had none. Positions are those of its events in
    # the log, version that of the planner after it. For a command that was refused: the rule that said no, the field, and a sentence.
    # dependents: the later commands because of which an undo was refused, the oldest first; the message counts them.
    type Outcome (
      commandId: string,
      result: Result,
      firstPosition: ?int,
      lastPosition: ?int,
      version: ?int,
      rule: ?string,
      field: ?string,
      limit: ?string,
      message: ?string,
      dependents: ?[]string
    )

    # One event of the log. data holds the ids and, of the fields that changed, before and after; it is
    # null once erased. Every event of a command has its commandId. undoes is the command that an event of an undo takes
    # back.
    type Event (
      position: int,
      category: string,
      streamId: string,
      version: int,
      type: string,
      data: ?object,
      commandId: string,
      personId: string,
      uid: int,
      pid: int,
      recordedAt: string,
      occurredAt: string,
      undoes: ?string,
      hash: string
    )

    # One attempt. What was applied is read from the events, for ever; the rest from the access record.
    type AuditEntry (
      at: string,
      personId: string,
      uid: int,
      pid: int,
      command: string,
      planner: ?string,
      commandId: ?string,
      entityId: ?string,
      result: string,
      error: ?string,
      message: ?string,
      durationMicroseconds: int,
      firstPosition: ?int,
      lastPosition: ?int,
      eventTypes: []string
    )

    type Limits (
      requestBytes: int,
      replyBytes: int,
      jsonDepth: int,
      connections: int,
      connectionsPerUid: int,
      callsPerConnection: int,
      commandsPerSubmit: int,
      frameSeconds: int,
      unreadSeconds: int,
      waitSeconds: int
    )

    method Ping() -> ()

    # Who the caller is, what this daemon is, and its bounds.
    method Describe() -> (
      version: string,
      schemaVersion: int,
      personId: string,
      planner: string,
      administrator: bool,
      interfaces: []string,
      limits: Limits
    )

    # Decides and appends the commands in order, and answers once that is durable: an outcome for each, in
    # order, and the head of the log. atomic: all or none. dryRun: decide only. Sending a command again,
    # now or in ten years, answers `duplicate` with its first positions and adds nothing.
    method Submit(planner: ?string, commands: []Command, atomic: ?bool, dryRun: ?bool) -> (
      position: int, outcomes: []Outcome
    )

    # Who attempted what and when. Times bound `at` (since inclusive, until exclusive). order is newest
    # (default) or oldest. An administrator sees everyone's, others their own planner's and their own
    # attempts.
    method Audit(
      planner: ?string,
      since: ?string,
      until: ?string,
      personId: ?string,
      uid: ?int,
      entityId: ?string,
      command: ?string,
      eventType: ?string,
      result: ?string,
      order: ?string,
      limit: ?int,
      cursor: ?string
    ) -> (entries: []AuditEntry, nextCursor: ?string)

    # To be called with `more`. First a reply with ready true, then the caller's events after that
    # position in order, none left out, as they commit.
    method Subscribe(planner: ?string, after: ?int) -> (
      ready: bool, position: int, events: []Event
    )

    error PlannerNotFound (planner: string)
    # A parameter that has the right type and a wrong value.
    error InvalidInput (parameter: string, rule: string, message: string)
    # Nothing is known to have been written; where outcomeUnknown, it may have been: send the same again.
    error DatabaseUnavailable (message: string, outcomeUnknown: bool)
    error Lagged (position: int)
    error ReplyTooLarge (bytes: int, limit: int)
    error Fault (message: string)
    """#
}
