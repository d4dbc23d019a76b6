import EventLog
import EventLoop
import JSON
import Postgres
import Scalars
import TestCommands
import TestSupport
import Testing

@testable import Projections

/// A query's statements: one for each set of parameters that are given, whose answers are the same as those of the one
/// that has all.
@Suite(.clusterTurns) struct ViewStatementTests {
  private typealias Question = PlannerFixture.Question

  @Test(arguments: [
    ("SELECT $1, $2", "SELECT NULL::uuid, $2"),
    ("SELECT $1::text || $1, $12", "SELECT NULL::uuid::text || NULL::uuid, $12"),
    ("SELECT '$1', \"$1\" -- $1\n/* $1 */ FROM t", nil),
    (
      "SELECT '$1', \"$1\" -- $1\n/* $1 */ FROM t WHERE x = $1",
      "SELECT '$1', \"$1\" -- $1\n/* $1 */ FROM t WHERE x = NULL::uuid"
    ),
    ("SELECT E'\\'$1', '''$1', $1", "SELECT E'\\'$1', '''$1', NULL::uuid"),
    ("SELECT '人$1', $1", "SELECT '人$1', NULL::uuid"),
  ])
  func `a parameter that is not given becomes NULL, and nothing else does`(
    text: String, without: String?
  ) {
    let parameters = AbsentParameters(text)
    #expect(parameters.areCertain)
    #expect(parameters.text(without: [1: .uuid]) == without ?? text)
    #expect(parameters.text(without: [:]) == text)
  }

  /// Between dollars `$1` stands for itself, and in a name it is part of it.
  @Test(arguments: ["SELECT $$a $1$$, $1", "SELECT $x$ $1 $x$", "SELECT a$1 FROM t", "SELECT $a"])
  func `where a dollar may be something else the text is left as it is`(text: String) {
    #expect(!AbsentParameters(text).areCertain)
  }

  /// Filters of Tasks, each of which leaves some of a random history out.
  private static let filters: [(name: String, values: [JSON])] = [
    ("inbox", [true, false]), ("status", ["open", "done"]), ("snoozed", [false]),
    ("actionable", [true, false]), ("text", ["a"]), ("dueFrom", ["2020-01-01"]),
    ("dueBefore", ["2100-01-01"]), ("sort", ["title", "due"]), ("limit", [5, 30, 1_000]),
  ]

  @Test @EventLoop
  func `a question has the same answer whether its shape has a statement of its own or not`()
    async throws
  {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let seed = Seed.draw(for: "shapes")
    try await planner.writeRandomHistory(seed: seed)
    var random = SplitMix64(seed: seed)
    let head = planner.tail.head
    let questions = (0..<120).map { _ in
      var parameters: JSONObject = ["atLeast": .int(head)]
      for (name, values) in ViewStatementTests.filters where Bool.random(using: &random) {
        parameters[name] = values.randomElement(using: &random)!
      }
      return Question("Tasks", parameters, of: PlannerFixture.writers[0])
    }
    func statements(_ engine: ProjectionEngine) throws -> Set<Statement> {
      let view = try #require(engine.catalog.views["Tasks"])
      return try Set(
        questions.map { question in
          let request = ViewRequest(
            method: "Tasks", scope: question.planner, parameters: question.parameters,
            now: PlannerFixture.now)
          return try ViewPlan(view, request).query.statement
        })
    }
    // Those that come first have statements of their own: here the ones, there the others.
    let other = planner.otherEngine()
    try await other.start()
    var rows: [JSON] = []
    for question in questions { rows.append(try await planner.answer(question)["rows"] ?? .null) }
    #expect(rows.contains { $0.array?.isEmpty == false })
    for (question, rows) in zip(questions, rows).reversed() {
      let request = ViewRequest(
        method: "Tasks", scope: question.planner, parameters: question.parameters,
        now: PlannerFixture.now)
      let answer = try JSON.parse(
        String(decoding: try await other.answer(request).rows, as: UTF8.self))
      #expect(answer == rows, "\(question.parameters)")
    }
    let (own, others) = (try statements(planner.engine), try statements(other))
    #expect(own != others)
    // 48, and one for the rest of each order, from the first page on.
    for count in [own.count, others.count] { #expect(count > 40 && count <= 48 + 3) }
    await other.stop()
  }

  @Test @EventLoop
  func `who asks what is being asked shares the answer, in one round trip`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let question = Question("Tasks", of: planner.planner)
    for _ in 0..<20 { _ = try await planner.answer(question) }
    let before = planner.engine.queryRoundTrips
    let asking = (0..<5).map { _ in
      Task { @EventLoop in try await planner.answer(question, keeping: true) }
    }
    var answers: [JSON] = []
    for task in asking { answers.append(try await task.value) }
    #expect(planner.engine.queryRoundTrips == before + 1)
    #expect(Set(answers.map(\.text)).count == 1)
  }
}
