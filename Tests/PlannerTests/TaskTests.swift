import JSON
import Testing

@testable import Planner

@Suite struct TaskTests {
  private let given = Given(workPillar, careerTheme, letterTask)
  private let reference: JSON = ["taskId": letter]

  @Test func `creates a task with its defaults in the inbox`() {
    Given().when("createTask", ["taskId": letter, "title": " Write "]).emits(
      (
        "TaskCreated",
        [
          "taskId": letter,
          "after": [
            "title": "Write", "priority": 3, "status": "open", "rank": 1024, "taskType": "adhoc",
          ],
        ]
      ))
  }

  @Test func `creates a task with everything`() {
    let members: JSON = [
      "themeId": career, "title": "Write", "description": "To whom", "notes": "By hand",
      "timeEstimate": "2h+", "effortMinutes": 130, "impact": "H", "priority": 5,
      "dueDate": "2026-12-01", "tags": ["post", "family"],
      "recurrence": [
        "rule": "FREQ=WEEKLY;BYDAY=MO", "anchor": "completion", "catchUp": "all",
        "gate": "afterDone",
      ],
    ]
    Given(workPillar, careerTheme).when("createTask", members.with("taskId", letter)).emits(
      (
        "TaskCreated",
        [
          "taskId": letter,
          "after": members.with("status", "open").with("rank", 1024)
            .with("taskType", "recurring"),
        ]
      ))
  }

  @Test func `writes instants in UTC`() {
    let outcome = Given().when(
      "createTask", letterTask.1.with("dueAt", "2026-12-01T09:30:00.500+02:00"))
    #expect(outcome.events[0].data["after"]?["dueAt"] == "2026-12-01T07:30:00.5Z")
  }

  @Test func `gives a recurrence its switches`() {
    let outcome = Given().when(
      "createTask", letterTask.1.with("recurrence", ["rule": "freq=daily"]))
    #expect(
      outcome.events[0].data["after"]?["recurrence"]?.sorted
        == ["anchor": "due", "catchUp": "next", "gate": "schedule", "rule": "freq=daily"])
  }

  @Test func `refuses a task for a theme that is not there`() {
    Given().when("createTask", letterTask.1.with("themeId", career))
      .isRejected(.noSuchTheme, "createTask.themeId")
  }

  @Test func `takes blank texts and no tags for empty`() {
    let body = letterTask.1.with("notes", " ").with("description", "").with("tags", [])
    let after = Given().when("createTask", body).events[0].data["after"]
    #expect(after?["notes"] == nil && after?["description"] == nil && after?["tags"] == nil)
    Given(("createTask", letterTask.1.with("notes", "x").with("tags", ["a"])))
      .when("changeTask", reference.with("notes", "").with("tags", [])).emits(
        (
          "TaskChanged",
          [
            "taskId": letter, "before": ["notes": "x", "tags": ["a"]],
            "after": ["notes": nil, "tags": nil],
          ]
        ))
  }

  @Test func `changes only what is given`() {
    given.when(
      "changeTask",
      reference.with("title", "Write two letters").with("impact", "M").with("priority", 3)
    ).emits(
      (
        "TaskChanged",
        [
          "taskId": letter, "before": ["title": "Write a letter", "impact": nil],
          "after": ["title": "Write two letters", "impact": "M"],
        ]
      ))
  }

  @Test func `empties what clear names`() {
    let filled = letterTask.1.with("timeEstimate", "1h").with("effortMinutes", 50)
      .with("impact", "L").with("dueAt", "2026-12-01T09:00:00Z").with("description", "d")
      .with("recurrence", ["rule": "FREQ=DAILY"])
    let outcome = Given(("createTask", filled)).when(
      "changeTask",
      reference.with(
        "clear",
        [
          "timeEstimate", "effortMinutes", "impact", "dueAt", "dueDate", "description",
          "recurrence",
          "notes", "tags",
        ]))
    outcome.emits(types: "TaskChanged")
    #expect(
      outcome.events[0].data["after"]?.sorted
        == [
          "description": nil, "dueAt": nil, "effortMinutes": nil, "impact": nil, "recurrence": nil,
          "taskType": "adhoc", "timeEstimate": nil,
        ])
  }

  @Test func `refuses a change that changes nothing`() {
    given.when("changeTask", reference.with("title", "Write a letter").with("clear", ["notes"]))
      .isRejected(.nothingChanged, "changeTask")
    given.when("changeTask", reference).isRejected(.nothingChanged, "changeTask")
  }

  @Test func `sees a change that only normalisation would hide`() {
    Given(("createTask", ["taskId": letter, "title": "Caf\u{E9}"]))
      .when("changeTask", reference.with("title", "Cafe\u{301}")).emits(types: "TaskChanged")
  }

  @Test func `puts a due instant in the place of a due date, and back`() {
    Given(("createTask", letterTask.1.with("dueDate", "2026-12-01")))
      .when("changeTask", reference.with("dueAt", "2026-12-01T09:00:00Z")).emits(
        (
          "TaskChanged",
          [
            "taskId": letter, "before": ["dueDate": "2026-12-01", "dueAt": nil],
            "after": ["dueDate": nil, "dueAt": "2026-12-01T09:00:00Z"],
          ]
        ))
    Given(("createTask", letterTask.1.with("dueAt", "2026-12-01T09:00:00Z")))
      .when("changeTask", reference.with("dueDate", "2026-12-02").with("clear", ["dueAt"])).emits(
        (
          "TaskChanged",
          [
            "taskId": letter, "before": ["dueDate": nil, "dueAt": "2026-12-01T09:00:00Z"],
            "after": ["dueDate": "2026-12-02", "dueAt": nil],
          ]
        ))
  }

  @Test func `makes a task recurring by giving it a rule`() {
    let outcome = given.when("changeTask", reference.with("recurrence", ["rule": "FREQ=DAILY"]))
    #expect(outcome.events[0].data["before"]?.sorted == ["recurrence": nil, "taskType": "adhoc"])
    #expect(outcome.events[0].data["after"]?["taskType"] == "recurring")
  }

  @Test func `starts an open task`() {
    given.when("startTask", reference).emits(
      (
        "TaskStarted",
        [
          "taskId": letter, "before": ["status": "open", "completedAt": nil],
          "after": ["status": "inProgress", "completedAt": nil],
        ]
      ))
  }

  @Test func `completes a task at the time that the command says, else now`() {
    given.when("completeTask", reference).emits(
      (
        "TaskCompleted",
        [
          "taskId": letter, "before": ["status": "open", "completedAt": nil],
          "after": ["status": "done", "completedAt": "2026-11-25T09:00:00Z"],
        ]
      ))
    let started = Given(letterTask, ("startTask", reference))
    started.when("completeTask", reference, occurredAt: "2026-11-24T10:00:00+01:00").emits(
      (
        "TaskCompleted",
        [
          "taskId": letter, "before": ["status": "inProgress", "completedAt": nil],
          "after": ["status": "done", "completedAt": "2026-11-24T09:00:00Z"],
        ]
      ))
  }

  @Test func `reopens a completed and a started task`() {
    Given(letterTask, ("completeTask", reference)).when("reopenTask", reference).emits(
      (
        "TaskReopened",
        [
          "taskId": letter, "before": ["status": "done", "completedAt": "2026-11-25T09:00:00Z"],
          "after": ["status": "open", "completedAt": nil],
        ]
      ))
    Given(letterTask, ("startTask", reference)).when("reopenTask", reference)
      .emits(types: "TaskReopened")
  }

  @Test func `rejects completing and starting a completed task`() {
    let done = Given(letterTask, ("completeTask", reference))
    done.when("completeTask", reference).isRejected(.alreadyCompleted, "completeTask.taskId")
    done.when("startTask", reference).isRejected(.alreadyCompleted, "startTask.taskId")
  }

  @Test func `snoozes and wakes a task`() {
    let snooze = reference.with("until", "2026-12-01T09:00:00Z")
    let data: JSON = [
      "taskId": letter, "before": ["snoozedUntil": nil],
      "after": ["snoozedUntil": "2026-12-01T09:00:00Z"],
    ]
    given.when("snoozeTask", snooze).emits(("TaskSnoozed", data))
    let snoozed = Given(letterTask, ("snoozeTask", snooze))
    snoozed.when("snoozeTask", snooze).isRejected(.nothingChanged, "snoozeTask")
    snoozed.when("snoozeTask", snooze.with("until", "2026-12-02T09:00:00Z"))
      .emits(types: "TaskSnoozed")
    snoozed.when("wakeTask", reference).emits(
      (
        "TaskWoken",
        [
          "taskId": letter, "before": ["snoozedUntil": "2026-12-01T09:00:00Z"],
          "after": ["snoozedUntil": nil],
        ]
      ))
  }

  @Test func `keeps the snooze of a task that is completed, and wakes it still`() {
    let given = Given(
      letterTask, ("snoozeTask", reference.with("until", "2026-12-01T09:00:00Z")),
      ("completeTask", reference))
    given.when("wakeTask", reference).emits(types: "TaskWoken")
  }

  @Test func `removes a task with all that it was`() {
    given.when("removeTask", reference).emits(
      (
        "TaskRemoved",
        [
          "taskId": letter,
          "before": [
            "title": "Write a letter", "priority": 3, "status": "open", "rank": 1024,
            "taskType": "adhoc",
          ],
        ]
      ))
  }

  @Test(
    arguments: [
      "changeTask", "moveTask", "startTask", "completeTask", "reopenTask", "snoozeTask", "wakeTask",
      "removeTask",
    ])
  func `does not know a removed task`(name: String) {
    let body = name == "snoozeTask" ? reference.with("until", "2027-01-01T00:00:00Z") : reference
    Given(letterTask, ("removeTask", reference)).when(name, body)
      .isRejected(.noSuchTask, "\(name).taskId")
  }
}
