internal import EventLoop

/// Questions that are being asked: those who ask the same meanwhile wait for the same answer.
@EventLoop
final class SharedQuestions {
  @EventLoop
  private final class Asking {
    let question: AnswerCache.Question
    let done = Signal()
    var answer: ViewAnswer?

    init(_ question: AnswerCache.Question) { self.question = question }
  }

  /// By the questions' hashes.
  private var underWay: [Int: Asking] = [:]

  nonisolated init() {}

  /// The answer that somebody else is about to get to the same question, if it turns out to have seen a position.
  func answer(to question: AnswerCache.Question, atLeast position: Int) async -> ViewAnswer? {
    guard let other = underWay[question.hash], other.question.isSame(as: question) else {
      return nil
    }
    await other.done.wait()
    guard let answer = other.answer, answer.position >= position else { return nil }
    return answer
  }

  /// Asks a question, so that others may wait for the same answer.
  func asking(
    _ question: AnswerCache.Question, _ ask: () async throws(ViewError) -> ViewAnswer
  ) async throws(ViewError) -> ViewAnswer {
    let hash = question.hash
    guard underWay[hash] == nil else { return try await ask() }
    let asking = Asking(question)
    underWay[hash] = asking
    defer {
      if underWay[hash] === asking { underWay[hash] = nil }
      asking.done.fire()
    }
    let answer = try await ask()
    asking.answer = answer
    return answer
  }

  /// Who asks from now on waits for no answer that is on its way.
  func forget() { underWay = [:] }
}
