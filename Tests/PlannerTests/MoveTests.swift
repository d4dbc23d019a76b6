import JSON
import Scalars
import Testing

@testable import Planner

@Suite struct MoveTests {
  /// Letter, report, walk in the inbox at 1024, 2048, 3072.
  private let inbox = Given(workPillar, careerTheme, letterTask, reportTask, walkTask)

  private func move(_ task: JSON, _ members: JSON = [:]) -> Outcome {
    inbox.when("moveTask", members.with("taskId", task))
  }

  private func moved(
    _ task: JSON, from before: (JSON, Int), to after: (JSON, Int)
  ) -> (String, JSON) {
    (
      "TaskMoved",
      [
        "taskId": task, "before": ["themeId": before.0, "rank": .int(before.1)],
        "after": ["themeId": after.0, "rank": .int(after.1)],
      ]
    )
  }

  @Test func `puts new tasks a step after the last`() {
    let ranks = inbox.state.ranked(in: nil).entries.map(\.rank)
    #expect(ranks == [1_024, 2_048, 3_072])
  }

  @Test func `moves a task to the end of where it is, of a theme and of the inbox`() {
    move(letter).emits(moved(letter, from: (nil, 1_024), to: (nil, 4_096)))
    move(letter, ["inbox": true]).emits(moved(letter, from: (nil, 1_024), to: (nil, 4_096)))
    move(letter, ["themeId": career]).emits(moved(letter, from: (nil, 1_024), to: (career, 1_024)))
    Given(workPillar, careerTheme, reportTask, ("createTask", letterTask.1.with("themeId", career)))
      .when("moveTask", ["taskId": letter, "inbox": true])
      .emits(moved(letter, from: (career, 1_024), to: (nil, 2_048)))
  }

  @Test func `moves a task before and after another`() {
    move(walk, ["beforeTaskId": report]).emits(moved(walk, from: (nil, 3_072), to: (nil, 1_536)))
    move(walk, ["beforeTaskId": letter]).emits(moved(walk, from: (nil, 3_072), to: (nil, 0)))
    move(walk, ["afterTaskId": letter]).emits(moved(walk, from: (nil, 3_072), to: (nil, 1_536)))
    move(letter, ["afterTaskId": report]).emits(moved(letter, from: (nil, 1_024), to: (nil, 2_560)))
    move(letter, ["afterTaskId": walk]).emits(moved(letter, from: (nil, 1_024), to: (nil, 4_096)))
    move(letter, ["beforeTaskId": walk]).emits(moved(letter, from: (nil, 1_024), to: (nil, 2_560)))
  }

  @Test func `goes to where the neighbour is`() {
    let given = Given(
      workPillar, careerTheme, letterTask, ("createTask", reportTask.1.with("themeId", career)))
    let data = moved(letter, from: (nil, 1_024), to: (career, 0))
    given.when("moveTask", ["taskId": letter, "beforeTaskId": report]).emits(data)
    given.when("moveTask", ["taskId": letter, "beforeTaskId": report, "themeId": career])
      .emits(data)
    given.when("moveTask", ["taskId": letter, "beforeTaskId": report, "inbox": false])
      .emits(data)
    given.when("moveTask", ["taskId": letter, "beforeTaskId": report, "inbox": true])
      .isRejected(.neighbourElsewhere, "moveTask.beforeTaskId")
  }

  @Test func `refuses to move a task to where it is`() {
    let moves: [(JSON, JSON)] = [
      (walk, [:]), (walk, ["inbox": true]), (walk, ["afterTaskId": report]),
      (report, ["afterTaskId": letter]), (report, ["beforeTaskId": walk]),
      (letter, ["beforeTaskId": report]),
    ]
    for (task, members) in moves {
      move(task, members).isRejected(.nothingChanged, "moveTask")
    }
    Given(letterTask).when("moveTask", ["taskId": letter]).isRejected(.nothingChanged, "moveTask")
  }

  @Test func `refuses places and neighbours that are not there`() {
    move(letter, ["themeId": health]).isRejected(.noSuchTheme, "moveTask.themeId")
    move(letter, ["beforeTaskId": id(99)]).isRejected(.noSuchTask, "moveTask.beforeTaskId")
    move(letter, ["afterTaskId": id(99)]).isRejected(.noSuchTask, "moveTask.afterTaskId")
    move(letter, ["afterTaskId": letter]).isRejected(.movedToItself, "moveTask.afterTaskId")
    move(id(99), ["afterTaskId": letter]).isRejected(.noSuchTask, "moveTask.taskId")
  }

  // MARK: No room

  /// Tasks of the inbox at the given ranks: letter, report, walk.
  private func ranked(_ ranks: [Int]) -> Given {
    var state = PlannerState()
    for (number, rank) in zip([21, 22, 23], ranks) {
      var task = TaskFields()
      task.title = Text("x")
      task.rank = rank
      state.evolve(.taskCreated(TaskID(UUID(idText(number))!), task))
    }
    return Given(state: state)
  }

  private func reranked(_ before: JSON, _ after: JSON) -> (String, JSON) {
    ("TasksReranked", ["themeId": nil, "before": ["ranks": before], "after": ["ranks": after]])
  }

  @Test func `spreads the place first where two neighbours have no integer between`() {
    let (report, walk) = (idText(22), idText(23))
    let given = ranked([1_024, 1_025, 3_000])
    given.when("moveTask", ["taskId": id(23), "beforeTaskId": id(22)]).emits(
      reranked(
        .object([report: 1_025, walk: 3_000]), .object([report: 2_048, walk: 3_072])),
      moved(id(23), from: (nil, 3_072), to: (nil, 1_536)))
  }

  @Test func `uses the last integer between two neighbours`() {
    ranked([1, 3, 9]).when("moveTask", ["taskId": id(23), "beforeTaskId": id(22)])
      .emits(moved(id(23), from: (nil, 9), to: (nil, 2)))
    ranked([-3, -1, 9]).when("moveTask", ["taskId": id(23), "beforeTaskId": id(22)])
      .emits(moved(id(23), from: (nil, 9), to: (nil, -2)))
  }

  @Test func `keeps ranks within what JSON numbers hold`() {
    let most = 9_007_199_254_740_991
    ranked([1, 2, most - 1_024]).when("moveTask", ["taskId": id(21)])
      .emits(moved(id(21), from: (nil, 1), to: (nil, most)))
    ranked([1, 2, most - 1_023]).when("moveTask", ["taskId": id(21)])
      .emits(types: "TasksReranked", "TaskMoved")
    ranked([1_024 - most, 2, 3]).when("moveTask", ["taskId": id(23), "beforeTaskId": id(21)])
      .emits(moved(id(23), from: (nil, 3), to: (nil, -most)))
    ranked([1_023 - most, 2, 3]).when("moveTask", ["taskId": id(23), "beforeTaskId": id(21)])
      .emits(types: "TasksReranked", "TaskMoved")
    let created = ranked([0, 1, most]).when("createTask", ["taskId": id(24), "title": "x"])
    created.emits(types: "TasksReranked", "TaskCreated")
    #expect(created.events.last?.data["after"]?["rank"] == 4_096)
  }

  @Test func `reranks another place than the task's own`() {
    var state = ranked([7, 8]).state
    let (theme, task) = (ThemeID(UUID(idText(11))!), TaskID(UUID(idText(24))!))
    state.evolve(.themeCreated(theme, ThemeFields()))
    var fields = TaskFields()
    fields.themeID = theme
    fields.rank = 55
    state.evolve(.taskCreated(task, fields))
    Given(state: state).when("moveTask", ["taskId": id(24), "afterTaskId": id(21)]).emits(
      reranked(
        .object([idText(21): 7, idText(22): 8]), .object([idText(21): 1_024, idText(22): 2_048])),
      moved(id(24), from: (career, 55), to: (nil, 1_536)))
  }

  @Test func `stays right over thousands of moves into the same gap`() {
    var given = Given(letterTask, reportTask, walkTask)
    var reranks = 0
    for turn in 0..<2_000 {
      let (task, other) = turn.isMultiple(of: 2) ? (walk, report) : (report, walk)
      let outcome = given.when("moveTask", ["taskId": task, "beforeTaskId": other])
      guard case .success(let events) = outcome.result else {
        Issue.record("turn \(turn): \(outcome.result)")
        return
      }
      reranks += events.count - 1
      given = Given(state: events.reduce(into: given.state) { $0.evolve($1) })
      let order = given.state.ranked(in: nil).entries.map { JSON.string($0.id.description) }
      #expect(order == [letter, task, other])
    }
    #expect((1...400).contains(reranks))
  }
}
