import Scalars

extension Decider {
  func create(_ command: CreateTask) throws(Rejection) -> [PlannerEvent] {
    try requireUnused(command.taskID)
    if let theme = command.themeID { _ = try self.theme(theme) }
    let (rank, reranked) = rankAtEnd(of: command.themeID)
    var task = TaskFields()
    task.themeID = command.themeID
    task.title = command.title
    task.rank = rank
    command.details.apply(to: &task)
    return reranked + [.taskCreated(command.taskID, task)]
  }

  func change(_ command: ChangeTask) throws(Rejection) -> [PlannerEvent] {
    let task = try task(command.taskID)
    var changed = task
    changed.title = command.title ?? task.title
    command.details.apply(to: &changed)
    guard let patch = Patch(from: task, to: changed) else { throw nothingChanged() }
    return [.taskChanged(command.taskID, patch)]
  }

  func start(_ id: TaskID) throws(Rejection) -> [PlannerEvent] {
    let task = try task(id)
    switch task.status {
    case .open: return [.taskStarted(id, statusPatch(task, .inProgress))]
    case .inProgress: throw already(.alreadyStarted, "started", id)
    case .done: throw already(.alreadyCompleted, "completed", id)
    }
  }

  func complete(_ id: TaskID) throws(Rejection) -> [PlannerEvent] {
    let task = try task(id)
    guard task.status != .done else { throw already(.alreadyCompleted, "completed", id) }
    return [.taskCompleted(id, statusPatch(task, .done))]
  }

  func reopen(_ id: TaskID) throws(Rejection) -> [PlannerEvent] {
    let task = try task(id)
    guard task.status != .open else { throw already(.alreadyOpen, "open", id) }
    return [.taskReopened(id, statusPatch(task, .open))]
  }

  func snooze(_ command: SnoozeTask) throws(Rejection) -> [PlannerEvent] {
    let task = try task(command.taskID)
    guard task.status != .done else {
      throw Rejection(
        .completedTaskSnoozed, field: field("taskId"),
        "\(field("taskId")) is \(command.taskID), a completed task, which cannot be snoozed.")
    }
    guard command.until > moment else {
      throw Rejection(
        .snoozeNotLater, field: field("until"), limit: moment.description,
        "\(field("until")) is \(command.until); it must be after \(moment).")
    }
    var snoozed = task
    snoozed.snoozedUntil = command.until
    guard let patch = Patch(from: task, to: snoozed) else { throw nothingChanged() }
    return [.taskSnoozed(command.taskID, patch)]
  }

  func wake(_ id: TaskID) throws(Rejection) -> [PlannerEvent] {
    let task = try task(id)
    var woken = task
    woken.snoozedUntil = nil
    guard let patch = Patch(from: task, to: woken) else {
      throw Rejection(
        .notSnoozed, field: field("taskId"), "\(field("taskId")) is \(id), which is not snoozed.")
    }
    return [.taskWoken(id, patch)]
  }

  func remove(_ id: TaskID) throws(Rejection) -> [PlannerEvent] {
    [.taskRemoved(id, try task(id))]
  }

  /// The task of the field `taskId`, or of another.
  func task(_ id: TaskID, _ name: String = TaskID.member) throws(Rejection) -> TaskFields {
    guard let task = state.tasks[id] else {
      throw missing(.noSuchTask, "task", field(name), id)
    }
    return task
  }

  private func statusPatch(_ task: TaskFields, _ status: TaskStatus) -> Patch<TaskFields> {
    var changed = task
    changed.status = status
    changed.completedAt = status == .done ? moment : nil
    return Patch(from: task, to: changed, fields: TaskFields.statusFields)
  }

  private func already(_ rule: Rule, _ what: String, _ id: TaskID) -> Rejection {
    Rejection(
      rule, field: field("taskId"), "\(field("taskId")) is \(id), which is already \(what).")
  }
}
