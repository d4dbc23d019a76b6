import JSON
import Scalars
import Testing

@testable import Planner

@Suite struct StateTests {
  private func created(_ number: Int, _ title: String) -> JSON {
    [
      "taskId": id(number),
      "after": [
        "title": .string(title), "priority": 3, "status": "open", "rank": .int(number),
        "taskType": "adhoc",
      ],
    ]
  }

  @Test func `starts at version 0 and moves with every event`() {
    var state = PlannerState()
    #expect(state.version == 0)
    state.evolve(.plannerOpened(owner: Given.owner))
    #expect(state.version == 1)
    state.evolve(type: "TaskCreated", data: created(1, "x"), version: 2)
    #expect(state.version == 2)
    #expect(state.tasks.count == 1)
  }

  /// What was stored once must be read as the same state for ever, or be passed over: a text that this format had when
  /// it was made.
  @Test func `a state of the format that was stored before is read`() throws {
    let text = """
      {"version":6,"pillars":[{"pillarId":"01900000-0000-7000-8000-000000000001","after":{"name":"Work","color":"#808080","domain":"personal"}}],
      "themes":[{"themeId":"01900000-0000-7000-8000-000000000002","after":{"pillarId":
      "01900000-0000-7000-8000-000000000001","name":"Career","ratingPercent":70}}],
      "tasks":[{"taskId":"01900000-0000-7000-8000-000000000003","after":{"themeId":
      "01900000-0000-7000-8000-000000000002","title":"Letter","priority":4,"status":"done","completedAt":
      "2026-11-01T08:00:00.000Z","rank":1024,"taskType":"adhoc"}}],
      "preferences":{"urgency":50,"priority":25,"impact":15,"effort":10,"timezone":"UTC","workStart":"09:00",
      "workEnd":"17:00","weekStart":"monday","habitLearning":true},
      "themeOrder":{"01900000-0000-7000-8000-000000000002":3},"removed":["01900000-0000-7000-8000-000000000009"]}
      """
    let state = try #require(PlannerState(stored: try JSON.parse(text)))
    #expect(PlannerState.format == 1 && state.version == 6)
    #expect(state.pillars.values.map(\.name.string) == ["Work"])
    #expect(state.themes.values.map(\.rating) == [70])
    #expect(state.tasks.values.map(\.status) == [.done])
    #expect(state.preferences.urgency == 50)
    #expect(state.usedIDs.count == 4)
    #expect(PlannerState(stored: ["version": 6]) == nil)
  }

  @Test func `only moves the version for what is unknown, erased or does not fit`() {
    var state = Given(workPillar, careerTheme, letterTask).state
    var expected = state
    state.evolve(type: "GoalCreated", data: ["goalId": work], version: 10)
    #expect(state.version == 10)
    state.evolve(type: "TaskCreated", data: nil, version: 11)
    #expect(state.version == 11)
    state.evolve(type: "TaskCreated", data: ["taskId": report], version: 12)
    #expect(state.version == 12)
    expected.evolve(type: "", data: nil, version: 12)
    #expect(state == expected)
  }

  @Test func `passes over what happened to things whose creation was erased`() {
    var state = PlannerState()
    let source = Given(
      workPillar, careerTheme, letterTask, ("rateTheme", ["themeId": career, "ratingPercent": 4]))
    for (name, body) in [
      ("changePillar", ["pillarId": work, "name": "Job"]),
      ("changeTheme", ["themeId": career, "name": "Calling"]),
      ("rateTheme", ["themeId": career, "ratingPercent": 3]),
      ("changeTask", ["taskId": letter, "title": "x"]),
      ("startTask", ["taskId": letter]), ("removePillar", ["pillarId": work]),
      ("removeTask", ["taskId": letter]),
    ] as [(String, JSON)] {
      for event in source.when(name, body).events {
        state.evolve(type: event.type, data: event.data, version: state.version + 1)
      }
    }
    let (gone, ranks) = (TaskID(UUID(high: 1, low: 1)), 5)
    state.evolve(.tasksReranked(nil, Reranking(before: [gone: 1], after: [gone: ranks])))
    var empty = PlannerState()
    empty.evolve(type: "", data: nil, version: state.version)
    #expect(state == empty)
  }

  @Test func `takes a thing that is created once more as it is last`() {
    let (pillar, theme, task) = (
      PillarID(UUID(high: 1, low: 1)), ThemeID(UUID(high: 2, low: 2)), TaskID(UUID(high: 3, low: 3))
    )
    var state = PlannerState()
    for name in ["a", "b"] {
      var (pillarFields, themeFields, taskFields) = (PillarFields(), ThemeFields(), TaskFields())
      pillarFields.name = Text(name)
      themeFields.name = Text(name)
      themeFields.pillarID = pillar
      taskFields.rank = name == "a" ? 1 : 2
      state.evolve(.pillarCreated(pillar, pillarFields))
      state.evolve(.themeCreated(theme, themeFields))
      state.evolve(.taskCreated(task, taskFields))
    }
    #expect(state.pillarsByName == [Text("b"): pillar])
    #expect(state.themesByName == [pillar: [Text("b"): theme]])
    #expect(state.ranked(in: nil).entries == [.init(rank: 2, id: task)])
  }

  @Test func `compares texts by scalars`() {
    #expect(Text("Caf\u{E9}") != Text("Cafe\u{301}"))
    #expect(Set([Text("Caf\u{E9}"), Text("Cafe\u{301}"), Text("Café")]).count == 2)
    #expect(Text(trimming: "\u{A0}\u{3000} a b \r\n").string == "a b")
    #expect(Text(trimming: " e\u{301} ").length == 2)
    #expect(Text(trimming: "\u{200B}").length == 1)
  }

  @Test func `writes times of day`() {
    for text in ["00:00", "09:05", "23:59"] { #expect(TimeOfDay(text)?.description == text) }
  }
}
