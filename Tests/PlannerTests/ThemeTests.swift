import JSON
import Testing

@testable import Planner

@Suite struct ThemeTests {
  private let given = Given(workPillar, homePillar, careerTheme)

  @Test func `creates a theme of a pillar`() {
    given.when(healthTheme.0, healthTheme.1).emits(
      ("ThemeCreated", ["themeId": health, "after": ["pillarId": work, "name": "Health"]]))
  }

  @Test func `refuses a name that another theme of the pillar has, and only of it`() {
    let body: JSON = ["themeId": health, "pillarId": work, "name": " Career"]
    given.when("createTheme", body).isRejected(.nameTaken, "createTheme.name")
    given.when("createTheme", body.with("pillarId", home)).emits(types: "ThemeCreated")
  }

  @Test func `renames a theme and gives it to another pillar`() {
    given.when("changeTheme", ["themeId": career, "pillarId": home, "name": "Calling"]).emits(
      (
        "ThemeChanged",
        [
          "themeId": career, "before": ["pillarId": work, "name": "Career"],
          "after": ["pillarId": home, "name": "Calling"],
        ]
      ))
  }

  @Test func `keeps names unique in the pillar that a theme goes to`() {
    let given = Given(
      workPillar, homePillar, careerTheme,
      ("createTheme", ["themeId": health, "pillarId": home, "name": "Career"]))
    given.when("changeTheme", ["themeId": health, "pillarId": work])
      .isRejected(.nameTaken, "changeTheme.pillarId")
    given.when("changeTheme", ["themeId": health, "pillarId": work, "name": "Career"])
      .isRejected(.nameTaken, "changeTheme.name")
  }

  @Test func `frees the name in the pillar that a theme leaves`() {
    Given(
      workPillar, homePillar, careerTheme, ("changeTheme", ["themeId": career, "pillarId": home])
    )
    .when("createTheme", ["themeId": health, "pillarId": work, "name": "Career"])
    .emits(types: "ThemeCreated")
  }

  @Test func `refuses a theme for a pillar that is not there`() {
    given.when("changeTheme", ["themeId": career, "pillarId": id(3)])
      .isRejected(.noSuchPillar, "changeTheme.pillarId")
  }

  @Test func `refuses a change that changes nothing`() {
    given.when("changeTheme", ["themeId": career, "pillarId": work, "name": "Career "])
      .isRejected(.nothingChanged, "changeTheme")
  }

  @Test func `does not know a theme that is not there`() {
    for (name, rest) in [("changeTheme", [:]), ("removeTheme", [:])] as [(String, JSON)] {
      given.when(name, rest.with("themeId", health)).isRejected(.noSuchTheme, "\(name).themeId")
    }
  }

  @Test func `rates a theme and remembers the rating before`() {
    given.when("rateTheme", ["themeId": career, "ratingPercent": 70]).emits(
      (
        "ThemeRated",
        [
          "themeId": career, "before": ["ratingPercent": nil, "previousRating": nil],
          "after": ["ratingPercent": 70, "previousRating": nil],
        ]
      ))
    Given(workPillar, careerTheme, ("rateTheme", ["themeId": career, "ratingPercent": 70]))
      .when("rateTheme", ["themeId": career, "ratingPercent": 75, "note": " Went well "]).emits(
        (
          "ThemeRated",
          [
            "themeId": career,
            "before": ["ratingPercent": 70, "previousRating": nil, "lastReflectionNote": nil],
            "after": [
              "ratingPercent": 75, "previousRating": 70, "lastReflectionNote": "Went well",
            ],
          ]
        ))
  }

  @Test func `rates a theme as before, and takes a blank note for none`() {
    Given(
      workPillar, careerTheme,
      ("rateTheme", ["themeId": career, "ratingPercent": 70, "note": "Went well"])
    )
    .when("rateTheme", ["themeId": career, "ratingPercent": 70, "note": " "]).emits(
      (
        "ThemeRated",
        [
          "themeId": career, "before": ["ratingPercent": 70, "previousRating": nil],
          "after": ["ratingPercent": 70, "previousRating": 70],
        ]
      ))
  }

  @Test func `removes a theme with its tasks and leaves the others`() {
    Given(
      workPillar, careerTheme, letterTask,
      ("createTask", ["taskId": report, "title": "Report", "themeId": career])
    )
    .when("removeTheme", ["themeId": career]).emits(types: "TaskRemoved", "ThemeRemoved")
  }
}
