internal import EventLog
package import EventLoop
internal import Glibc
internal import JSON
internal import Scalars

/// Answers of views that were given, each as long as its view would answer the same.
///
/// An answer about a scope stands until the view has folded an event of that scope; who has written since wants a position
/// that it has not seen. Nothing stands where other builds or queries answer, rows were mended, or Postgres was away. While it
/// is away nothing is known, and none is given.
///
/// Who asks just after an answer has ceased to stand gets it all the same, and it is asked for anew in the background: so
/// that a view that many look at is asked once for each of its changes, and nobody waits for it.
///
/// Bounded in bytes: two generations, of which the older one goes when the younger one is half of that.
@EventLoop
package final class AnswerCache {
  /// A question as it was asked: the bytes of the call, and the user, whose rights follow from that alone.
  package struct Question: Sendable {
    let bytes: [UInt8]
    let uid: UInt32

    package init(bytes: [UInt8], uid: UInt32) {
      self.bytes = bytes
      self.uid = uid
    }

    var hash: Int { AnswerCache.hash(bytes.span, uid) }

    func isSame(as other: Question) -> Bool { isSame(as: other.bytes.span, of: other.uid) }

    fileprivate func isSame(as other: Span<UInt8>, of uid: UInt32) -> Bool {
      guard uid == self.uid, bytes.count == other.count else { return false }
      return bytes.withUnsafeBytes { own in
        other.withUnsafeBytes { other in
          own.isEmpty || memcmp(own.baseAddress!, other.baseAddress!, own.count) == 0
        }
      }
    }
  }

  /// What happened to a scope's rows in a projection's live build.
  final class Scope {
    /// The build may have folded an event of the scope up to here.
    fileprivate private(set) var lastEvent: Int
    /// The same before the last fold, and when that was.
    fileprivate private(set) var eventBefore: Int
    fileprivate private(set) var changedAt = ContinuousClock().now

    fileprivate init(lastEvent: Int) {
      self.lastEvent = lastEvent
      eventBefore = lastEvent
    }

    /// Of one fold.
    fileprivate func change(upTo position: Int, at now: ContinuousClock.Instant) {
      if changedAt != now { eventBefore = lastEvent }
      lastEvent = position
      changedAt = now
    }
  }

  /// How far a projection's live build is known to be folded.
  fileprivate final class Checkpoint {
    var position: Int
    /// By stream; nil is all of them.
    var scopes: [StreamID?: Scope] = [:]

    init(position: Int) { self.position = position }
  }

  /// What was appended at once.
  private struct Append {
    let last: Int
    let streams: Set<StreamID>
  }

  private final class Kept {
    let question: Question
    /// The answer from behind its position.
    let rest: ArraySlice<UInt8>
    /// Up to where it was true when it was last given.
    var position: Int
    let checkpoint: Checkpoint
    let scope: Scope
    /// The minute at which it was asked, where the answer depends on it.
    let minute: Instant?
    /// What was asked, to ask it again, and whether that is under way.
    let request: ViewRequest
    var isAskedAgain = false

    init(
      _ question: Question, _ request: ViewRequest, _ answer: ViewAnswer, _ checkpoint: Checkpoint,
      _ scope: Scope, minute: Instant?
    ) {
      self.question = question
      self.request = request
      rest = answer.afterPosition
      position = answer.position
      self.checkpoint = checkpoint
      self.scope = scope
      self.minute = minute
    }

    /// Roughly what it takes in memory: of the question the bytes, and what they were read as.
    var size: Int { rest.count + 3 * question.bytes.count + 512 }
  }

  /// Asks a question of the views.
  private let ask: Ask
  private let shared = SharedQuestions()
  private var toAskAgain: [Kept] = []

  typealias Ask = @EventLoop (ViewRequest) async throws(ViewError) -> ViewAnswer

  private let limit: Int
  private let catalog: ViewCatalog
  private let tail: LogTail
  private let clock: @Sendable () -> Instant
  private var young: [Int: Kept] = [:]
  private var old: [Int: Kept] = [:]
  private var youngSize = 0
  private var checkpoints: [String: Checkpoint] = [:]
  /// What was appended and not folded by all of them yet, in order, and from where on it is complete.
  private var appends: [Append] = []
  private var knownFrom = 0

  /// The longest question and answer that are kept.
  private static let longestQuestion = 1 << 14
  private static let longestAnswer = 1 << 20
  /// Appends that are remembered at most.
  private static let mostAppends = 50_000
  /// How long an answer is given that no longer stands.
  private static let grace = Duration.milliseconds(250)

  /// Keeps up to `limit` bytes of what `ask` gives.
  init(
    limit: Int, catalog: ViewCatalog, tail: LogTail, clock: @escaping @Sendable () -> Instant,
    ask: @escaping Ask
  ) {
    self.limit = limit
    self.ask = ask
    self.catalog = catalog
    self.tail = tail
    self.clock = clock
    tail.followers[ObjectIdentifier(self)] = { [weak self] head, streams in
      self?.appended(upTo: head, to: streams)
    }
    catalog.followers[ObjectIdentifier(self)] = { [weak self] projection, isOther in
      self?.folded(projection, isOther: isOther)
    }
  }

  // MARK: Giving

  /// Appends the answer to a question where one is kept that has seen a position, as far as the log has it, and stands; else
  /// nothing, and false.
  package func write(
    answerTo bytes: Span<UInt8>, of uid: UInt32, atLeast position: Int, to out: inout [UInt8]
  ) -> Bool {
    guard tail.isConnected, let kept = find(AnswerCache.hash(bytes, uid)),
      kept.question.isSame(as: bytes, of: uid)
    else { return false }
    let stands = stands(kept)
    // What was folded since is of other scopes.
    if stands { kept.position = max(kept.position, kept.checkpoint.position) }
    guard kept.position >= min(position, tail.head), stands || stoodJustNow(kept) else {
      return false
    }
    if !stands { askAgain(kept) }
    out.append(contentsOf: ViewAnswer.opening)
    out.append(decimal: kept.position)
    out.append(contentsOf: kept.rest)
    return true
  }

  private func stands(_ kept: Kept) -> Bool {
    kept.scope.lastEvent <= kept.position
      && (kept.minute == nil || kept.minute == clock().wholeMinute)
  }

  private func stoodJustNow(_ kept: Kept) -> Bool {
    if kept.scope.lastEvent > kept.position {
      guard kept.scope.eventBefore <= kept.position,
        ContinuousClock().now - kept.scope.changedAt < AnswerCache.grace
      else { return false }
    }
    guard let minute = kept.minute else { return true }
    return clock().microseconds - minute.microseconds < 60_000_000 + AnswerCache.grace.microseconds
  }

  /// One question after the other: whoever waits for an answer, and the log, come before this.
  private func askAgain(_ kept: Kept) {
    guard !kept.isAskedAgain else { return }
    kept.isAskedAgain = true
    toAskAgain.append(kept)
    guard toAskAgain.count == 1 else { return }
    Task { @EventLoop in
      while let kept = toAskAgain.first {
        if isKept(kept), !stands(kept) { _ = try? await answer(kept.request.again(at: clock())) }
        kept.isAskedAgain = false
        toAskAgain.removeFirst()
      }
    }
  }

  /// Whether no other answer is in its place by now.
  private func isKept(_ kept: Kept) -> Bool {
    let hash = kept.question.hash
    return (young[hash] ?? old[hash]) === kept
  }

  private func find(_ hash: Int) -> Kept? {
    if let kept = young[hash] { return kept }
    guard let kept = old.removeValue(forKey: hash) else { return nil }
    add(kept, hash)
    return kept
  }

  /// Seeded, so that nobody can make questions that are hard to tell apart.
  private nonisolated static func hash(_ bytes: Span<UInt8>, _ uid: UInt32) -> Int {
    var hasher = Hasher()
    hasher.combine(uid)
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    return hasher.finalize()
  }

  // MARK: Asking

  /// The answer to a question: that which somebody who asks the same is about to get, if it will have seen what this one
  /// has written; else that of the views, which is kept.
  func answer(_ request: ViewRequest) async throws(ViewError) -> ViewAnswer {
    guard let question = request.question else { return try await answerAndKeep(request) }
    let position = min(request.written, tail.head)
    if let answer = await shared.answer(to: question, atLeast: position) { return answer }
    return try await shared.asking(question) { () async throws(ViewError) in
      try await answerAndKeep(request)
    }
  }

  private func answerAndKeep(_ request: ViewRequest) async throws(ViewError) -> ViewAnswer {
    let asked = asked(request)
    let answer = try await ask(request)
    if let asked { keep(answer, asked) }
    return answer
  }

  // MARK: Keeping

  /// What is known when a question is asked.
  private struct Asked {
    /// Nil where the answer is not to be kept, but says how far the view is folded.
    let question: Question?
    let request: ViewRequest
    let projection: String
    let stream: StreamID?
    let checkpoint: Checkpoint
    let scope: Scope
    let minute: Instant?
  }

  /// Before the question is put to Postgres; nil where its answer says nothing about now.
  private func asked(_ request: ViewRequest) -> Asked? {
    guard limit > 0, request.whatIf == nil, request.parameters["asOf"]?.isNull != false,
      let view = catalog.views[request.method], tail.isConnected
    else { return nil }
    let question = request.question.flatMap {
      $0.bytes.count <= AnswerCache.longestQuestion ? $0 : nil
    }
    let stream = view.build.category.flatMap { category in
      request.scope.map { StreamID(category: category, id: $0) }
    }
    let projection = view.build.projection
    let checkpoint = checkpoint(of: projection)
    return Asked(
      question: question, request: request, projection: projection, stream: stream,
      checkpoint: checkpoint, scope: scope(of: stream, in: checkpoint),
      minute: view.query.usesNow ? request.now.wholeMinute : nil)
  }

  private func checkpoint(of projection: String) -> Checkpoint {
    if let checkpoint = checkpoints[projection] { return checkpoint }
    let checkpoint = Checkpoint(position: position(of: projection))
    checkpoints[projection] = checkpoint
    return checkpoint
  }

  private func scope(of stream: StreamID?, in checkpoint: Checkpoint) -> Scope {
    if let scope = checkpoint.scopes[stream] { return scope }
    let scope = Scope(lastEvent: checkpoint.position)
    grow(by: 128)
    checkpoint.scopes[stream] = scope
    return scope
  }

  /// Keeps an answer, unless its rows may have become others since it was asked for.
  private func keep(_ answer: ViewAnswer, _ asked: Asked) {
    if answer.position > tail.head { return forget() }
    guard checkpoints[asked.projection] === asked.checkpoint, tail.isConnected else { return }
    // It may be known here before the fold that it shows has ended.
    move(asked.checkpoint, to: answer.position)
    guard let question = asked.question,
      asked.checkpoint.scopes[asked.stream] === asked.scope,
      answer.position >= max(asked.scope.lastEvent, knownFrom),
      answer.json.count <= min(AnswerCache.longestAnswer, limit / 8)
    else { return }
    let kept = Kept(
      question, asked.request, answer, asked.checkpoint, asked.scope, minute: asked.minute)
    add(kept, kept.question.hash)
  }

  private func add(_ kept: Kept, _ hash: Int) {
    let replaced = young.updateValue(kept, forKey: hash)
    grow(by: kept.size - (replaced?.size ?? 0))
  }

  private func grow(by size: Int) {
    youngSize += size
    guard youngSize > limit / 2 else { return }
    old = young.filter { stands($0.value) }
    young = [:]
    youngSize = 0
    let used = Set(old.values.map { ObjectIdentifier($0.scope) })
    for checkpoint in checkpoints.values {
      checkpoint.scopes = checkpoint.scopes.filter { used.contains(ObjectIdentifier($0.value)) }
    }
  }

  // MARK: Forgetting

  /// Forgets all answers, and those that are on their way.
  func forget() {
    young = [:]
    old = [:]
    youngSize = 0
    checkpoints = [:]
    appends = []
    knownFrom = tail.head
    shared.forget()
  }

  private func appended(upTo head: Int, to streams: Set<StreamID>?) {
    guard let streams, appends.count < AnswerCache.mostAppends else { return forget() }
    if checkpoints.isEmpty {
      knownFrom = head
    } else {
      appends.append(Append(last: head, streams: streams))
    }
  }

  private func folded(_ projection: String, isOther: Bool) {
    if isOther { return forget() }
    guard let checkpoint = checkpoints[projection] else { return }
    let position = position(of: projection)
    move(checkpoint, to: position)
    // What all have folded is of no more use.
    guard let first = appends.first, first.last <= position else { return }
    let least = checkpoints.values.map(\.position).min() ?? 0
    let count = appends.partitioningIndex { $0.last > least }
    if count >= appends.count / 2 { appends.removeFirst(count) }
  }

  /// What was appended up to there shows from now on.
  private func move(_ checkpoint: Checkpoint, to position: Int) {
    guard position > checkpoint.position else { return }
    let now = ContinuousClock().now
    var index = appends.partitioningIndex { $0.last > checkpoint.position }
    while index < appends.count {
      let append = appends[index]
      // Of what was appended at once any part may be a stream's.
      let last = min(append.last, position)
      for stream in append.streams { checkpoint.scopes[stream]?.change(upTo: last, at: now) }
      checkpoint.scopes[nil]?.change(upTo: last, at: now)
      if append.last >= position { break }
      index += 1
    }
    checkpoint.position = position
  }

  /// How far the live build of a projection is known to be folded. What another daemon has folded is perhaps not in the log
  /// as it is known here.
  private func position(of projection: String) -> Int {
    let position = catalog.served[projection]?.build.position ?? 0
    if position > tail.head { forget() }
    return min(position, tail.head)
  }
}

extension Array {
  /// The index of the first element that a condition holds for, which holds for all after it.
  fileprivate func partitioningIndex(where isSecond: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension [UInt8] {
  /// Appends a number's digits.
  fileprivate mutating func append(decimal number: Int) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var unit: UInt = 1
    while number.magnitude / unit >= 10 { unit *= 10 }
    while unit > 0 {
      append(UInt8(ascii: "0") + UInt8(number.magnitude / unit % 10))
      unit /= 10
    }
  }
}
