import JSON
import Scalars
import Testing

@testable import Planner

private typealias Result = Swift.Result<[Decision], Rejection>

extension Swift.Result where Success == [Decision], Failure == Rejection {
  /// The events, but for those that say what was undone.
  fileprivate var changes: [PlannerEvent] {
    guard case .success(let decisions) = self else { return [] }
    return decisions.map(\.event).filter { !$0.isMark }
  }

  fileprivate var types: [String] { changes.map(\.type) }

  /// The commands that no longer count, and those that count again.
  fileprivate var marks: (undone: [UUID], redone: [UUID]) {
    guard case .success(let decisions) = self else { return ([], []) }
    var marks: (undone: [UUID], redone: [UUID]) = ([], [])
    for decision in decisions {
      switch decision.event {
      case .commandUndone(let id): marks.undone.append(id)
      case .commandRedone(let id): marks.redone.append(id)
      default: break
      }
    }
    return marks
  }

  fileprivate var rejection: Rejection? {
    if case .failure(let rejection) = self { rejection } else { nil }
  }

  fileprivate func isRejected(
    _ rule: Rule, dependents: Int..., location: SourceLocation = #_sourceLocation
  ) {
    #expect(rejection?.rule == rule, "\(self)", sourceLocation: location)
    #expect(rejection?.field == "undo.commandIds", sourceLocation: location)
    #expect(rejection?.message.contains("undo.commandIds") == true, sourceLocation: location)
    let ids = dependents.map { Story.commandID($0) }
    #expect(rejection?.dependents == ids, sourceLocation: location)
  }
}

extension PlannerEvent {
  fileprivate var isMark: Bool {
    switch self {
    case .commandUndone, .commandRedone: true
    default: false
    }
  }
}

private func rate(_ percent: Int, note: String? = nil) -> (String, JSON) {
  let body: JSON = ["themeId": career, "ratingPercent": .int(percent)]
  return ("rateTheme", note.map { body.with("note", .string($0)) } ?? body)
}

private func change(_ task: JSON, _ field: String, _ value: JSON) -> (String, JSON) {
  ("changeTask", .object(["taskId": task, field: value]))
}

private let careerID = ThemeID(UUID(career.string!)!)
private let workID = PillarID(UUID(work.string!)!)
private let letterID = TaskID(UUID(letter.string!)!)

@Suite struct UndoTests {
  // MARK: What comes back

  @Test func `undoing a change sets the fields back`() {
    var story = Story(letterTask, change(letter, "title", "Write two letters"))
    let result = story.undo(2)
    #expect(result.types == ["TaskChanged"])
    #expect(story.state.tasks[letterID]?.title == Text("Write a letter"))
    #expect(result.marks.undone == [Story.commandID(2)])
  }

  @Test func `undoing a creation removes the thing and keeps its id used`() {
    var story = Story(letterTask)
    #expect(story.undo(1).types == ["TaskRemoved"])
    #expect(story.state.tasks.isEmpty)
    guard case .failure(let rejection) = story.carryOut(letterTask.0, letterTask.1) else {
      Issue.record("the id is free")
      return
    }
    #expect(rejection.rule == .idTaken)
  }

  @Test func `undoing a removal restores what went, containers first`() {
    var story = Story(
      workPillar, careerTheme, rate(30), inTheme(letterTask, theme: career),
      ("removePillar", ["pillarId": work]))
    let before = story
    #expect(story.undo(5).types == ["PillarRestored", "ThemeRestored", "TaskRestored"])
    #expect(story.state.themes[careerID]?.rating == 30)
    #expect(story.undo(6).types == ["TaskRemoved", "ThemeRemoved", "PillarRemoved"])
    #expect(Contents(story.state) == Contents(before.state))
  }

  @Test func `what later commands changed since stays`() {
    var story = Story(
      letterTask, change(letter, "title", "A"), change(letter, "priority", 5),
      change(letter, "title", "B"))
    let result = story.undo(2)
    #expect(result.types == [])
    #expect(result.marks.undone == [Story.commandID(2)])
    #expect(story.state.tasks[letterID]?.title == Text("B"))
    story.undo(4)
    #expect(story.state.tasks[letterID]?.title == Text("Write a letter"))
    #expect(story.state.tasks[letterID]?.priority == 5)
  }

  @Test func `the rating before a rating is the one that still counts`() {
    var story = Story(workPillar, careerTheme, rate(10), rate(20, note: "n"), rate(30))
    story.undo(4)
    #expect(story.state.themes[careerID]?.rating == 30)
    #expect(story.state.themes[careerID]?.previousRating == 10)
    #expect(story.state.themes[careerID]?.lastReflectionNote == nil)
    story.undo(6)
    #expect(story.state.themes[careerID]?.previousRating == 20)
    #expect(story.state.themes[careerID]?.lastReflectionNote == Text("n"))
  }

  @Test func `a due date and a due instant still take each other's place`() {
    var story = Story(
      letterTask, change(letter, "dueAt", "2026-12-01T09:00:00Z"),
      change(letter, "dueDate", "2026-12-02"), change(letter, "dueDate", "2026-12-03"))
    story.undo(3)
    #expect(story.state.tasks[letterID]?.dueDate?.description == "2026-12-03")
    #expect(story.state.tasks[letterID]?.dueAt == nil)
    story.undo(4)
    #expect(story.state.tasks[letterID]?.dueAt?.description == "2026-12-01T09:00:00Z")
    #expect(story.state.tasks[letterID]?.dueDate == nil)
  }

  @Test func `a task without its recurrence is no longer recurring`() {
    var story = Story(
      letterTask, change(letter, "recurrence", ["rule": "FREQ=DAILY"]),
      change(letter, "recurrence", ["rule": "FREQ=WEEKLY"]))
    story.undo(3)
    #expect(story.state.tasks[letterID]?.recurrence?.rule == Text("FREQ=DAILY"))
    story.undo(2)
    #expect(story.state.tasks[letterID]?.taskType == .adhoc)
    #expect(faults(of: story.state) == [])
  }

  @Test func `several commands are undone together`() {
    var story = Story(letterTask, change(letter, "title", "A"), change(letter, "priority", 5))
    let result = story.undo(3, 2)
    #expect(result.types == ["TaskChanged"])
    #expect(result.marks.undone == [2, 3].map { Story.commandID($0) })
    guard case .success(let decisions) = result else { return }
    #expect(decisions.map(\.undoes) == [2, 3, 3].map { Story.commandID($0) })
  }

  // MARK: Undo of undo

  @Test func `undoing an undo does again what it undid`() {
    var story = Story(letterTask, change(letter, "title", "A"))
    story.undo(2)
    let result = story.undo(3)
    #expect(result.types == ["TaskChanged"])
    #expect(result.marks.undone == [Story.commandID(3)])
    #expect(result.marks.redone == [Story.commandID(2)])
    guard case .success(let decisions) = result else { return }
    #expect(decisions[1].undoes == Story.commandID(3))
    #expect(story.state.tasks[letterID]?.title == Text("A"))
  }

  @Test func `a redo can be undone, and the command itself again`() {
    var story = Story(letterTask, change(letter, "title", "A"))
    story.undo(2)
    story.undo(3)
    #expect(story.undo(4).marks.redone == [Story.commandID(3)])
    #expect(story.state.tasks[letterID]?.title == Text("Write a letter"))
    story.undo(2).isRejected(.alreadyUndone)
    story.undo(3)
    #expect(story.state.tasks[letterID]?.title == Text("A"))
    #expect(story.undo(2).types == ["TaskChanged"])
  }

  @Test func `an undo is not done again over a later undo of the same command`() {
    var story = Story(letterTask, change(letter, "title", "A"))
    story.undo(2)
    story.undo(3)
    story.undo(2)
    // The redo is built upon: command 5 undid what it had brought back.
    story.undo(4).isRejected(.builtUpon, dependents: 5)
    #expect(story.undo(4, cascade: true).rejection == nil)
    #expect(story.state.tasks[letterID]?.title == Text("Write a letter"))
  }

  // MARK: Rules

  @Test func `a command that is not in the log cannot be undone`() {
    var story = Story(letterTask)
    story.undo(9).isRejected(.noSuchCommand)
    #expect(story.undo(9).rejection?.message.contains(Story.commandID(9).description) == true)
  }

  @Test func `a command is undone once`() {
    var story = Story(letterTask, change(letter, "title", "A"))
    story.undo(2)
    story.undo(2).isRejected(.alreadyUndone)
    #expect(story.undo(2).rejection?.message.contains(Story.commandID(3).description) == true)
  }

  @Test func `what touched a thing is built on its creation`() {
    var story = Story(
      letterTask, change(letter, "title", "A"), ("completeTask", ["taskId": letter]), reportTask)
    story.undo(1).isRejected(.builtUpon, dependents: 2, 3)
    let result = story.undo(1, cascade: true)
    #expect(result.types == ["TaskRemoved"])
    #expect(result.marks.undone == [1, 2, 3].map { Story.commandID($0) })
  }

  @Test func `what came into a pillar or theme is built on it, and what was built on that`() {
    var story = Story(
      workPillar, careerTheme, inTheme(letterTask, theme: career), reportTask,
      ("moveTask", ["taskId": report, "themeId": career]), change(letter, "title", "A"), walkTask)
    story.undo(1).isRejected(.builtUpon, dependents: 2, 3, 5, 6)
    #expect(
      story.undo(1, cascade: true).types
        == ["TaskChanged", "TaskRemoved", "ThemeRemoved", "PillarRemoved"])
    #expect(story.state.tasks.count == 2)
    #expect(faults(of: story.state) == [])
  }

  @Test func `the removal of what a thing would be in again is built on its removal`() {
    var story = Story(
      workPillar, careerTheme, inTheme(letterTask, theme: career),
      ("removeTask", ["taskId": letter]), ("removeTheme", ["themeId": career]))
    story.undo(4).isRejected(.builtUpon, dependents: 5)
    #expect(story.undo(4, cascade: true).types == ["ThemeRestored", "TaskRestored"])
  }

  @Test func `the removal of a thing with its place is built on its way there`() {
    var story = Story(
      workPillar, careerTheme, letterTask, ("moveTask", ["taskId": letter, "themeId": career]),
      ("removeTheme", ["themeId": career]))
    story.undo(4).isRejected(.builtUpon, dependents: 5)
    #expect(story.undo(4, cascade: true).types == ["ThemeRestored", "TaskRestored"])
    #expect(story.state.tasks[letterID]?.themeID == nil)
  }

  @Test func `a removal with its place is not built on what it removed`() {
    var story = Story(
      workPillar, careerTheme, inTheme(letterTask, theme: career),
      ("removeTheme", ["themeId": career]))
    #expect(story.undo(3).types == [])
    #expect(story.undo(4).types == ["ThemeRestored"])
    #expect(story.state.tasks.isEmpty)
  }

  @Test func `a name that another has by now is in the way`() {
    var story = Story(
      workPillar, ("changePillar", ["pillarId": work, "name": "Job"]),
      ("createPillar", ["pillarId": home, "name": "Work"]))
    story.undo(2).isRejected(.nameTaken)
    let message = story.undo(2).rejection?.message ?? ""
    #expect(message.contains("\"Work\"") && message.contains(home.string!))
    #expect(story.undo(2, 3).types == ["PillarChanged", "PillarRemoved"])
  }

  @Test func `a theme's name that another of the pillar has is in the way`() {
    var story = Story(
      workPillar, careerTheme, ("removeTheme", ["themeId": career]),
      ("createTheme", ["themeId": health, "pillarId": work, "name": "Career"]))
    story.undo(3).isRejected(.nameTaken)
  }

  @Test func `weights that would not sum are built on those before`() {
    var story = Story(
      ("changePreferences", ["urgency": 30, "effort": 20]),
      ("changePreferences", ["urgency": 20, "impact": 25]),
      ("changePreferences", ["weekStart": "sunday"]))
    story.undo(1).isRejected(.builtUpon, dependents: 2)
    #expect(story.undo(1, cascade: true).types == ["PreferencesChanged"])
    #expect(story.state.preferences.weightSum == 100)
    #expect(story.state.preferences.weekStart == .sunday)
  }

  @Test func `hours of work that would cross are built on those before`() {
    var story = Story(
      ("changePreferences", ["workEnd": "22:00"]), ("changePreferences", ["workStart": "18:00"]))
    story.undo(1).isRejected(.builtUpon, dependents: 2)
    #expect(story.undo(2).types == ["PreferencesChanged"])
    #expect(story.undo(1).types == ["PreferencesChanged"])
  }

  @Test func `what is done again needs what is there no longer`() {
    var story = Story(workPillar, careerTheme)
    story.undo(2)
    story.undo(1)
    story.undo(3).isRejected(.builtUpon, dependents: 4)
    #expect(story.undo(3, cascade: true).types == ["PillarRestored", "ThemeRestored"])
  }

  @Test func `the opening of the planner stays`() {
    var story = Story(workPillar)
    #expect(story.log.map(\.type) == ["PlannerOpened", "PillarCreated"])
    #expect(story.undo(1).types == ["PillarRemoved"])
  }

  // MARK: Ranks

  @Test func `a task comes back to its place in the order`() {
    var story = Story(
      letterTask, reportTask, walkTask, ("moveTask", ["taskId": letter]),
      ("removeTask", ["taskId": report]))
    story.undo(4)
    story.undo(5)
    #expect(story.order == [letter, report, walk])
  }

  @Test func `where its rank is taken a task comes right before the one that has it`() {
    var story = Story(letterTask, reportTask, ("removeTask", ["taskId": report]), walkTask)
    #expect(story.order == [letter, walk])
    let result = story.undo(3)
    #expect(result.types == ["TaskRestored"])
    #expect(story.order == [letter, report, walk])
    story.undo(5)
    #expect(story.order == [letter, walk])
  }

  @Test func `where there is no room the place is ranked anew`() {
    var story = Story(letterTask, reportTask, ("removeTask", ["taskId": report]), walkTask)
    // Between the first and the one that has the rank: until no integer is left.
    for number in 100..<111 {
      story.carryOut("createTask", ["taskId": id(number), "title": "x"])
      story.carryOut("moveTask", ["taskId": id(number), "beforeTaskId": walk])
    }
    let before = story.order
    let result = story.undo(3)
    #expect(result.types.last == "TaskRestored")
    #expect(story.order.filter { $0 != report } == before)
    #expect(faults(of: story.state) == [])
  }

  @Test func `ranking anew stays when the move that needed it is undone`() {
    var story = Story(letterTask, reportTask, walkTask)
    var last = 3
    for number in 100..<114 {
      story.carryOut("createTask", ["taskId": id(number), "title": "x"])
      story.carryOut("moveTask", ["taskId": id(number), "afterTaskId": letter])
      last += 2
    }
    let reranking = story.log.first { $0.type == "TasksReranked" }!.commandID
    let number = story.commands.firstIndex { $0.id == reranking }! + 1
    let before = story.order
    let moved = story.commands[number - 1].json["moveTask"]!["taskId"]!
    story.undo(number)
    #expect(story.order.filter { $0 != moved } == before.filter { $0 != moved })
    #expect(faults(of: story.state) == [])
    story.undo(last + 1)
    #expect(story.order == before)
  }
}

extension Story {
  /// The tasks of the inbox by rank.
  fileprivate var order: [JSON] {
    state.ranked(in: nil).entries.map { .string($0.id.description) }
  }
}

private func inTheme(_ task: (String, JSON), theme: JSON) -> (String, JSON) {
  (task.0, task.1.with("themeId", theme))
}
