import JSON
import Scalars
import Testing

@testable import Planner

@Suite struct PillarTests {
  @Test func `creates a pillar with its defaults`() {
    Given().when("createPillar", ["pillarId": work, "name": " Work\n"]).emits(
      (
        "PillarCreated",
        ["pillarId": work, "after": ["name": "Work", "color": "#808080", "domain": "personal"]]
      ))
  }

  @Test func `creates a pillar with everything`() {
    let body: JSON = ["pillarId": work, "name": "Work", "color": "#FF00AA", "domain": "work"]
    Given().when("createPillar", body).emits(
      (
        "PillarCreated",
        ["pillarId": work, "after": ["name": "Work", "color": "#FF00AA", "domain": "work"]]
      ))
  }

  @Test func `opens the planner with the first command`() throws {
    let outcome = Given().when(workPillar.0, workPillar.1)
    let events = try outcome.result.get().map { NewEvent($0) }
    #expect(events.map(\.type) == ["PlannerOpened", "PillarCreated"])
    #expect(events[0].data == ["ownerId": .string(Given.owner.description)])
  }

  @Test func `does not open a planner that is open`() throws {
    let outcome = Given(workPillar).when(homePillar.0, homePillar.1)
    #expect(try outcome.result.get().map(\.type) == ["PillarCreated"])
  }

  @Test func `tells only the fields that changed`() {
    let body: JSON = ["pillarId": work, "name": "Work", "domain": "work", "color": "#101010"]
    Given(workPillar).when("changePillar", body).emits(
      (
        "PillarChanged",
        [
          "pillarId": work, "before": ["color": "#808080", "domain": "personal"],
          "after": ["color": "#101010", "domain": "work"],
        ]
      ))
  }

  @Test func `refuses a change that gives nothing`() {
    Given(workPillar).when("changePillar", ["pillarId": work])
      .isRejected(.nothingChanged, "changePillar")
  }

  @Test func `refuses to rename a pillar to another's name`() {
    Given(workPillar, homePillar).when("changePillar", ["pillarId": home, "name": "Work"])
      .isRejected(.nameTaken, "changePillar.name")
  }

  @Test func `frees the name of a renamed and of a removed pillar`() {
    Given(workPillar, ("changePillar", ["pillarId": work, "name": "Job"]))
      .when("createPillar", ["pillarId": home, "name": "Work"]).emits(types: "PillarCreated")
    Given(workPillar, ("removePillar", ["pillarId": work]))
      .when("createPillar", ["pillarId": home, "name": "Work"]).emits(types: "PillarCreated")
  }

  @Test func `compares names by scalars`() {
    let composed: JSON = "Caf\u{E9}"
    let decomposed: JSON = "Cafe\u{301}"
    let given = Given(("createPillar", ["pillarId": work, "name": composed]))
    given.when("createPillar", ["pillarId": home, "name": decomposed]).emits(types: "PillarCreated")
    given.when("createPillar", ["pillarId": home, "name": composed])
      .isRejected(.nameTaken, "createPillar.name")
    given.when("changePillar", ["pillarId": work, "name": decomposed])
      .emits(types: "PillarChanged")
  }

  @Test func `does not use an id again, of whatever it was`() {
    Given(workPillar, ("removePillar", ["pillarId": work]))
      .when(workPillar.0, workPillar.1).isRejected(.idTaken, "createPillar.pillarId")
    Given(workPillar)
      .when("createTask", ["taskId": work, "title": "x"]).isRejected(.idTaken, "createTask.taskId")
    Given(workPillar)
      .when("createTheme", ["themeId": work, "pillarId": work, "name": "x"])
      .isRejected(.idTaken, "createTheme.themeId")
  }

  @Test func `removes what is in a pillar first, in its order`() {
    let given = Given(
      workPillar, careerTheme, healthTheme, homePillar,
      ("createTask", ["taskId": walk, "title": "Walk", "themeId": health]),
      ("createTask", ["taskId": letter, "title": "Letter", "themeId": career]),
      ("createTask", ["taskId": report, "title": "Report", "themeId": career]),
      ("moveTask", ["taskId": report, "beforeTaskId": letter]),
      ("rateTheme", ["themeId": health, "ratingPercent": 40, "note": "Better"]))
    let outcome = given.when("removePillar", ["pillarId": work])
    outcome.emits(
      types: "TaskRemoved", "TaskRemoved", "TaskRemoved", "ThemeRemoved", "ThemeRemoved",
      "PillarRemoved")
    let ids = outcome.events.map { $0.data["taskId"] ?? $0.data["themeId"] ?? $0.data["pillarId"] }
    #expect(ids == [report, letter, walk, career, health, work])
    #expect(
      outcome.events[4].data["before"]
        == [
          "pillarId": work, "name": "Health", "ratingPercent": 40, "lastReflectionNote": "Better",
        ])
  }

  @Test func `does not know a removed pillar`() {
    let given = Given(workPillar, ("removePillar", ["pillarId": work]))
    given.when("removePillar", ["pillarId": work])
      .isRejected(.noSuchPillar, "removePillar.pillarId")
    given.when("changePillar", ["pillarId": work, "name": "x"])
      .isRejected(.noSuchPillar, "changePillar.pillarId")
  }
}
