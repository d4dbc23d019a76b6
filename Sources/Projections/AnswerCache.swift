internal import EventLog
package import EventLoop
internal import Glibc
internal import JSON
internal import Scalars

/// Answers of views that were given, each as long as its view would answer the same.
///
/// An answer about a scope stands until an event of that scope is appended, by which time nobody can have folded it yet. What
/// another daemon appends is heard of a little later. Nothing stands where other builds or queries answer, rows were mended,
/// or Postgres was away. While it is away nothing is known, and none is given.
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

    fileprivate var hash: Int { AnswerCache.hash(bytes.span, uid) }

    fileprivate func isSame(as other: Span<UInt8>, of uid: UInt32) -> Bool {
      guard uid == self.uid, bytes.count == other.count else { return false }
      return bytes.withUnsafeBytes { own in
        other.withUnsafeBytes { other in
          own.isEmpty || memcmp(own.baseAddress!, other.baseAddress!, own.count) == 0
        }
      }
    }
  }

  /// What has happened to the rows of a scope.
  final class Scope {
    /// Rises with each event.
    fileprivate var changes = 0
    /// What is folded up to here has all its events.
    fileprivate var lastEvent: Int

    fileprivate init(lastEvent: Int) { self.lastEvent = lastEvent }
  }

  /// How far a projection's live build is known to be folded.
  fileprivate final class Checkpoint {
    var position = 0
  }

  private final class Kept {
    let question: Question
    /// The answer from behind its position.
    let rest: ArraySlice<UInt8>
    let position: Int
    let checkpoint: Checkpoint
    let scope: Scope
    let changes: Int
    /// The minute at which it was asked, where the answer depends on it.
    let minute: Instant?

    init(
      _ question: Question, _ answer: ViewAnswer, _ checkpoint: Checkpoint, _ scope: Scope,
      minute: Instant?
    ) {
      self.question = question
      rest = answer.afterPosition
      position = answer.position
      self.checkpoint = checkpoint
      self.scope = scope
      changes = scope.changes
      self.minute = minute
    }

    /// Roughly what it takes in memory.
    var size: Int { rest.count + question.bytes.count + 256 }
  }

  private let limit: Int
  private let catalog: ViewCatalog
  private let tail: LogTail
  private let clock: @Sendable () -> Instant
  private var young: [Int: Kept] = [:]
  private var old: [Int: Kept] = [:]
  private var youngSize = 0
  /// By stream; nil is all of them.
  private var scopes: [StreamID?: Scope] = [:]
  private var checkpoints: [String: Checkpoint] = [:]

  /// The longest question and answer that are kept.
  private static let longestQuestion = 1 << 14
  private static let longestAnswer = 1 << 20

  /// Keeps up to `limit` bytes.
  init(
    limit: Int, catalog: ViewCatalog, tail: LogTail, clock: @escaping @Sendable () -> Instant
  ) {
    self.limit = limit
    self.catalog = catalog
    self.tail = tail
    self.clock = clock
    tail.followers[ObjectIdentifier(self)] = { [weak self] _, streams in
      self?.appended(to: streams)
    }
    catalog.followers[ObjectIdentifier(self)] = { [weak self] projection, isOther in
      self?.folded(projection, isOther: isOther)
    }
  }

  // MARK: Giving

  /// Appends the answer to a question where one is kept that is true now; else nothing, and false.
  package func write(answerTo bytes: Span<UInt8>, of uid: UInt32, to out: inout [UInt8]) -> Bool {
    guard tail.isConnected, let kept = find(AnswerCache.hash(bytes, uid)),
      kept.question.isSame(as: bytes, of: uid),
      kept.changes == kept.scope.changes
    else { return false }
    if let minute = kept.minute, minute != clock().wholeMinute { return false }
    out.append(contentsOf: ViewAnswer.opening)
    // What was folded since is of other scopes.
    out.append(decimal: max(kept.position, kept.checkpoint.position))
    out.append(contentsOf: kept.rest)
    return true
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

  // MARK: Keeping

  /// What is known when a question is asked.
  struct Asked {
    /// Nil where the answer is not to be kept, but says how far the view is folded.
    fileprivate let question: Question?
    fileprivate let stream: StreamID?
    fileprivate let scope: Scope
    fileprivate let checkpoint: Checkpoint
    fileprivate let minute: Instant?
  }

  /// To be called before the question is put to Postgres; nil where its answer says nothing about now.
  func asking(_ request: ViewRequest) -> Asked? {
    guard limit > 0, request.whatIf == nil, request.parameters["asOf"]?.isNull != false,
      let view = catalog.views[request.method], tail.isConnected
    else { return nil }
    let question = request.question.flatMap {
      $0.bytes.count <= AnswerCache.longestQuestion ? $0 : nil
    }
    let stream = view.build.category.flatMap { category in
      request.scope.map { StreamID(category: category, id: $0) }
    }
    return Asked(
      question: question, stream: stream, scope: scope(of: stream),
      checkpoint: checkpoint(of: view.build.projection),
      minute: view.query.usesNow ? request.now.wholeMinute : nil)
  }

  private func scope(of stream: StreamID?) -> Scope {
    if let scope = scopes[stream] { return scope }
    let scope = Scope(lastEvent: tail.head)
    scopes[stream] = scope
    grow(by: 256)
    // It may have been the one that was too much.
    scopes[stream] = scope
    return scope
  }

  private func checkpoint(of projection: String) -> Checkpoint {
    if let checkpoint = checkpoints[projection] { return checkpoint }
    let checkpoint = Checkpoint()
    checkpoints[projection] = checkpoint
    move(checkpoint, of: projection)
    return checkpoint
  }

  /// Keeps an answer, unless its rows may have become others since it was asked for.
  func keep(_ answer: ViewAnswer, _ asked: Asked) {
    if answer.position > tail.head { return forget() }
    guard scopes[asked.stream] === asked.scope, tail.isConnected else { return }
    // It may be known here before the fold that it shows has ended.
    asked.checkpoint.position = max(asked.checkpoint.position, answer.position)
    guard let question = asked.question, answer.position >= asked.scope.lastEvent,
      answer.json.count <= min(AnswerCache.longestAnswer, limit / 8)
    else { return }
    let kept = Kept(question, answer, asked.checkpoint, asked.scope, minute: asked.minute)
    add(kept, kept.question.hash)
  }

  private func add(_ kept: Kept, _ hash: Int) {
    let replaced = young.updateValue(kept, forKey: hash)
    grow(by: kept.size - (replaced?.size ?? 0))
  }

  private func grow(by size: Int) {
    youngSize += size
    guard youngSize > limit / 2 else { return }
    old = young.filter { $0.value.changes == $0.value.scope.changes }
    young = [:]
    youngSize = 0
    let used = Set(old.values.map { ObjectIdentifier($0.scope) })
    scopes = scopes.filter { used.contains(ObjectIdentifier($0.value)) }
  }

  // MARK: Forgetting

  /// Forgets all answers, and those that are on their way.
  func forget() {
    if scopes.isEmpty { return }
    young = [:]
    old = [:]
    youngSize = 0
    scopes = [:]
  }

  private func appended(to streams: Set<StreamID>?) {
    guard let streams else {
      // Where the log has become shorter no position is what it was.
      for checkpoint in checkpoints.values {
        checkpoint.position = min(checkpoint.position, tail.head)
      }
      return forget()
    }
    change(nil)
    for stream in streams { change(stream) }
  }

  private func change(_ stream: StreamID?) {
    guard let scope = scopes[stream] else { return }
    scope.changes += 1
    scope.lastEvent = tail.head
  }

  private func folded(_ projection: String, isOther: Bool) {
    if isOther {
      forget()
      checkpoints[projection]?.position = 0
    }
    if let checkpoint = checkpoints[projection] { move(checkpoint, of: projection) }
  }

  private func move(_ checkpoint: Checkpoint, of projection: String) {
    let position = catalog.served[projection]?.build.position ?? 0
    // What another daemon has folded is perhaps not known here.
    if position > tail.head { forget() }
    checkpoint.position = max(checkpoint.position, min(position, tail.head))
  }
}

extension [UInt8] {
  /// Appends a number's digits.
  fileprivate mutating func append(decimal number: Int) {
    let begin = count
    var rest = number.magnitude
    repeat {
      append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    if number < 0 { append(UInt8(ascii: "-")) }
    self[begin...].reverse()
  }
}
