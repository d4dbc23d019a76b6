import EventLoop
import JSON
import Projections
import Scalars

extension PlannerFixture {
  /// A question about a planner's view, as one user asks it.
  struct Question {
    let method: String
    let parameters: JSONObject
    let planner: UUID?

    init(_ method: String, _ parameters: JSONObject = [:], of planner: UUID?) {
      self.method = method
      self.parameters = parameters
      self.planner = planner
    }

    var kept: AnswerCache.Question { AnswerCache.Question(bytes: bytes, uid: 1_000) }

    var bytes: [UInt8] {
      let planner = planner?.description ?? ""
      return JSON.array([.string(method), .object(parameters), .string(planner)]).bytes
    }
  }

  /// What the view answers; with `keeping` it is kept.
  func answer(_ question: Question, keeping: Bool = false, now: Instant = PlannerFixture.now)
    async throws -> JSON
  {
    let answer = try await engine.answer(
      ViewRequest(
        method: question.method, scope: question.planner, parameters: question.parameters, now: now,
        question: keeping ? question.kept : nil))
    return try JSON.parse(String(decoding: answer.json, as: UTF8.self))
  }

  /// What is kept as the answer; nil where nothing is that is true now.
  func keptAnswer(_ question: Question, of uid: UInt32 = 1_000, atLeast position: Int = 0) throws
    -> JSON?
  {
    var out: [UInt8] = []
    let bytes = question.bytes
    let isKept = engine.answers.write(
      answerTo: bytes.span, of: uid, atLeast: position, to: &out)
    guard isKept else { return nil }
    return try JSON.parse(String(decoding: out, as: UTF8.self))
  }

  /// Asks until the answer is kept, which it is once the view has folded all that its scope has.
  @discardableResult
  func keep(_ question: Question) async throws -> JSON {
    while true {
      if let kept = try keptAnswer(question) { return kept }
      _ = try await answer(question, keeping: true)
    }
  }
}
