// Ranks: a new task gets a step above the last of its place, a moved one the middle of its neighbours, so
// that a move is one event. Only where two neighbours have no integer between them is the place spread
// evenly first.

extension Decider {
  func move(_ command: MoveTask) throws(Rejection) -> [PlannerEvent] {
    let task = try task(command.taskID)
    let place = try destination(command, task)
    let ranked = state.ranked(in: place)
    let here = place == task.themeID ? RankedTasks.Entry(rank: task.rank, id: command.taskID) : nil
    let gap = gap(command.target, ranked, without: here)
    if let here, gap.holds(here, ranked) { throw nothingChanged() }
    if let rank = gap.rank { return [moved(command.taskID, from: task, to: place, rank)] }
    return rerankedMove(command.taskID, task, place, gap)
  }

  /// The rank of a new last task, and the event that makes room for it where there is none.
  func rankAtEnd(of place: ThemeID?) -> (rank: Int, events: [PlannerEvent]) {
    let ranked = state.ranked(in: place)
    let gap = RankGap(lower: ranked.last, upper: nil)
    if let rank = gap.rank { return (rank, []) }
    let reranking = Reranking(spreading: ranked)
    return (gap.after(reranking).rank!, [.tasksReranked(place, reranking)])
  }

  private func rerankedMove(
    _ id: TaskID, _ task: TaskFields, _ place: ThemeID?, _ gap: RankGap
  ) -> [PlannerEvent] {
    let reranking = Reranking(spreading: state.ranked(in: place))
    var reranked = task
    reranked.rank = reranking.after[id] ?? task.rank
    let rank = gap.after(reranking).rank!
    return [.tasksReranked(place, reranking), moved(id, from: reranked, to: place, rank)]
  }

  private func moved(
    _ id: TaskID, from task: TaskFields, to place: ThemeID?, _ rank: Int
  ) -> PlannerEvent {
    var moved = task
    moved.themeID = place
    moved.rank = rank
    return .taskMoved(id, Patch(from: task, to: moved, fields: TaskFields.placeFields))
  }

  /// The place that is given, else the neighbour's, else the task's own.
  private func destination(
    _ command: MoveTask, _ task: TaskFields
  ) throws(Rejection) -> ThemeID? {
    if case .some(.some(let theme)) = command.place { _ = try self.theme(theme) }
    guard let (neighbour, name) = command.target.neighbour else {
      return command.place ?? task.themeID
    }
    guard neighbour != command.taskID else {
      throw Rejection(
        .movedToItself, field: field(name), "\(field(name)) is the task that is to move.")
    }
    let place = try self.task(neighbour, name).themeID
    if let given = command.place, given != place {
      throw Rejection(
        .neighbourElsewhere, field: field(name),
        "\(field(name)) is \(neighbour), which is not in the place that is given.")
    }
    return place
  }

  /// The gap that a move aims at, as if the task that moves were not there.
  private func gap(
    _ target: MoveTask.Target, _ ranked: RankedTasks, without here: RankedTasks.Entry?
  ) -> RankGap {
    func below(_ entry: RankedTasks.Entry) -> RankedTasks.Entry? {
      let below = ranked.entry(before: entry)
      return below != nil && below == here ? ranked.entry(before: below!) : below
    }
    func above(_ entry: RankedTasks.Entry) -> RankedTasks.Entry? {
      let above = ranked.entry(after: entry)
      return above != nil && above == here ? ranked.entry(after: above!) : above
    }
    switch target {
    case .end:
      let last = ranked.last
      return RankGap(lower: last != nil && last == here ? below(last!) : last, upper: nil)
    case .before(let id):
      let upper = entry(id)
      return RankGap(lower: below(upper), upper: upper)
    case .after(let id):
      let lower = entry(id)
      return RankGap(lower: lower, upper: above(lower))
    }
  }

  private func entry(_ id: TaskID) -> RankedTasks.Entry {
    .init(rank: state.tasks[id]!.rank, id: id)
  }
}

extension MoveTask.Target {
  /// The task that it names, and the field that does.
  fileprivate var neighbour: (TaskID, String)? {
    switch self {
    case .end: nil
    case .before(let id): (id, "beforeTaskId")
    case .after(let id): (id, "afterTaskId")
    }
  }
}

extension Reranking {
  /// Spreads the tasks of a place evenly, in their order.
  init(spreading ranked: RankedTasks) {
    var (before, after): ([TaskID: Int], [TaskID: Int]) = ([:], [:])
    for (index, entry) in ranked.entries.enumerated() {
      let rank = (index + 1) * RankGap.step
      guard rank != entry.rank else { continue }
      before[entry.id] = entry.rank
      after[entry.id] = rank
    }
    self.init(before: before, after: after)
  }
}
