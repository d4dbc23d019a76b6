internal import CLibpq
package import EventLoop

/// One libpq connection in pipeline mode on the event loop.
///
/// Statements that are run together form a segment: one implicit transaction and one round trip. Segments
/// may be started while earlier ones are under way; they are answered in order.
@EventLoop
@safe package final class Connection {
  /// Called once, when the connection is lost or closed.
  package var onClose: (PostgresError) -> Void = { _ in }
  /// Called with channel and payload of each NOTIFY of another session that this connection listens to.
  package var onNotification: (String, String) -> Void = { _, _ in }
  /// Segments that have not been answered yet.
  package var pendingCount: Int { segments.count }
  package let processID: Int32

  private var pointer: OpaquePointer?
  /// Lives as long as the connection, which libpq hands it back to.
  private let notices = Notices()
  private var watch: Watch?
  private var segments: [Segment] = []
  private var prepared: Set<String> = []
  /// Since when the server is at the first of the segments.
  private var firstSince = ContinuousClock().now
  private let replyTime: Duration?
  private var isTimed = false

  /// A run of statements up to a synchronisation point. A statement is prepared where it is first used, in the
  /// same transaction, so that settings made before it hold for what its names mean.
  @EventLoop
  private final class Segment {
    /// What was sent, in order: the name of a statement to prepare, or nil for one to execute.
    var entries: [String?] = []
    /// How many of them have been answered.
    var answered = 0
    var rows: [Rows] = []
    var error: PostgresError?
    /// Statements whose preparation failed or was skipped.
    var unprepared: [String] = []
    let promise = Promise<Result<[Rows], PostgresError>>()
  }

  /// Connects, waiting at most the connection string's `connect_timeout` for each host.
  package static func open(_ info: ConnectionInfo) async throws(PostgresError) -> Connection {
    switch await Connector.connect(info) {
    case .success(let connected): unsafe Connection(connected.pointer, info.replyTime)
    case .failure(let error): throw error
    }
  }

  private init(_ pointer: OpaquePointer, _ replyTime: Duration?) {
    unsafe self.pointer = unsafe pointer
    self.replyTime = replyTime
    processID = unsafe PQbackendPID(pointer)
    unsafe PQsetNoticeProcessor(
      pointer,
      { argument, text in
        guard let argument = unsafe argument, let text = unsafe text else { return }
        let notices = unsafe Unmanaged<Notices>.fromOpaque(argument).takeUnretainedValue()
        notices.texts.append(oneLine(unsafe String(cString: text)))
      }, Unmanaged.passUnretained(notices).toOpaque())
    unsafe PQsetnonblocking(pointer, 1)
    let entered = unsafe PQenterPipelineMode(pointer)
    precondition(entered == 1, "a new connection enters pipeline mode")
    watch = unsafe EventLoop.watch(PQsocket(pointer), for: .read) { [weak self] ready in
      self?.progress(ready)
    }
  }

  isolated deinit {
    // Nobody waits any more: a run holds on to its connection.
    watch?.cancel()
    if let pointer = unsafe pointer { unsafe PQfinish(pointer) }
  }

  package var isOpen: Bool { unsafe pointer != nil }

  /// Runs statements as one transaction in one round trip: the rows of each, or the error of the first
  /// that failed, and then none of them has happened.
  package func run(_ queries: [Query]) async throws(PostgresError) -> [Rows] {
    guard isOpen else { throw PostgresError(sqlState: nil, message: "the connection is closed") }
    let segment = Segment()
    if segments.isEmpty { firstSince = ContinuousClock().now }
    segments.append(segment)
    for query in queries {
      prepare(query.statement, in: segment)
      segment.entries.append(nil)
      send(query)
    }
    synchronise()
    if let replyTime, !isTimed { look(after: replyTime) }
    switch await segment.promise.get() {
    case .success(let rows): return rows
    case .failure(let error): throw error
    }
  }

  /// Runs SQL that may hold several statements, without parameters, as one transaction. The connection must
  /// have nothing under way. For migrations and set-up only.
  package func runScript(_ sql: String) async throws(PostgresError) {
    precondition(segments.isEmpty, "a script runs alone")
    guard let pointer = unsafe pointer else {
      throw PostgresError(sqlState: nil, message: "the connection is closed")
    }
    _ = unsafe PQexitPipelineMode(pointer)
    let segment = Segment()
    script = segment
    _ = unsafe PQsendQuery(pointer, sql)
    flush()
    let outcome = await segment.promise.get()
    if let pointer = unsafe self.pointer { _ = unsafe PQenterPipelineMode(pointer) }
    if case .failure(let error) = outcome { throw error }
  }

  private var script: Segment?

  package func close() {
    fail(PostgresError(sqlState: nil, message: "the connection was closed"))
  }

  // MARK: Sending

  private func prepare(_ statement: Statement, in segment: Segment) {
    guard let pointer = unsafe pointer, prepared.insert(statement.name).inserted else { return }
    segment.entries.append(statement.name)
    check(
      unsafe PQsendPrepare(
        pointer, statement.name, statement.sql, Int32(statement.parameterTypes.count),
        statement.parameterTypes))
  }

  private func send(_ query: Query) {
    guard let pointer = unsafe pointer else { return }
    // All texts in one buffer, each ended by NUL; the pointers are made once it no longer grows.
    var buffer: [UInt8] = []
    let offsets: [Int?] = query.parameters.map { parameter in
      guard let text = parameter.text else { return nil }
      defer {
        buffer.append(contentsOf: text.utf8)
        buffer.append(0)
      }
      return buffer.count
    }
    let sent = unsafe buffer.withUnsafeBytes { bytes in
      let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      let values = unsafe offsets.map { offset in
        unsafe offset.flatMap { unsafe base?.advanced(by: $0) }
      }
      return unsafe values.withUnsafeBufferPointer { values in
        unsafe PQsendQueryPrepared(
          pointer, query.statement.name, Int32(values.count), values.baseAddress, nil, nil, 0)
      }
    }
    check(sent)
  }

  private func synchronise() {
    guard let pointer = unsafe pointer else { return }
    check(unsafe PQpipelineSync(pointer))
    flush()
  }

  /// libpq says 0 where it could not queue a message: the connection is beyond use.
  private func check(_ accepted: Int32) {
    if accepted == 0 { fail(connectionError()) }
  }

  private func flush() {
    guard let pointer = unsafe pointer else { return }
    switch unsafe PQflush(pointer) {
    case 0: watch?.interest = .read
    case 1: watch?.interest = [.read, .write]
    default: fail(connectionError())
    }
  }

  // MARK: Receiving

  private func progress(_ ready: Interest) {
    guard let pointer = unsafe pointer else { return }
    if unsafe PQconsumeInput(pointer) == 0 {
      // What the server said before it went may still be in the buffer.
      takeResults()
      return fail(connectionError())
    }
    takeResults()
    takeNotifications()
    if ready.contains(.write) || watch?.interest.contains(.write) == true { flush() }
  }

  private func takeResults() {
    var ends = 0
    while let pointer = unsafe pointer, script != nil || !segments.isEmpty, ends < 2,
      unsafe PQisBusy(pointer) == 0
    {
      guard let result = unsafe PQgetResult(pointer) else {
        ends += 1
        endScript()
        continue
      }
      ends = 0
      unsafe take(result)
    }
  }

  private func endScript() {
    guard let segment = script else { return }
    script = nil
    segment.promise.fulfil(segment.error.map { .failure($0) } ?? .success([]))
  }

  private func take(_ result: OpaquePointer) {
    let segment = script ?? segments[0]
    let status = unsafe PQresultStatus(result)
    if status == PGRES_PIPELINE_SYNC {
      unsafe PQclear(result)
      segments.removeFirst()
      firstSince = ContinuousClock().now
      return finish(segment)
    }
    let preparing =
      segment.answered < segment.entries.count ? segment.entries[segment.answered] : nil
    segment.answered += 1
    switch status {
    case PGRES_PIPELINE_ABORTED, PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
      if status != PGRES_PIPELINE_ABORTED, segment.error == nil {
        segment.error = unsafe PostgresError(result: result)
        segment.error?.notices = notices.texts
      }
      if let preparing { segment.unprepared.append(preparing) }
      unsafe PQclear(result)
    case _ where preparing != nil: unsafe PQclear(result)
    default: unsafe segment.rows.append(Rows(owning: result))
    }
  }

  private func finish(_ segment: Segment) {
    // A segment that was sent meanwhile and counts on them fails with 26000, which is retryable.
    prepared.subtract(segment.unprepared)
    notices.texts = []
    segment.promise.fulfil(segment.error.map { .failure($0) } ?? .success(segment.rows))
  }

  private func takeNotifications() {
    guard let pointer = unsafe pointer else { return }
    while let notification = unsafe PQnotifies(pointer) {
      let channel = unsafe String(cString: notification.pointee.relname)
      let payload = unsafe String(cString: notification.pointee.extra)
      let isOwn = unsafe notification.pointee.be_pid == processID
      unsafe PQfreemem(notification)
      if !isOwn { onNotification(channel, payload) }
    }
  }

  /// Looks, as long as there are segments, whether the first has waited too long.
  private func look(after delay: Duration) {
    isTimed = true
    EventLoop.after(delay) { [weak self] in
      guard let self else { return }
      isTimed = false
      // An answer may have come while the loop, or the machine, stood still.
      progress(.read)
      guard let replyTime, !segments.isEmpty else { return }
      let left = replyTime - (ContinuousClock().now - firstSince)
      if left > .zero { return look(after: left) }
      fail(PostgresError(sqlState: nil, message: "Postgres has not answered within \(replyTime)"))
    }
  }

  private func connectionError() -> PostgresError {
    let text = unsafe pointer.map { unsafe String(cString: PQerrorMessage($0)) } ?? ""
    return PostgresError(
      sqlState: nil, message: text.isEmpty ? "the connection was lost" : oneLine(text))
  }

  /// Ends the connection; whatever was under way may or may not have happened.
  private func fail(_ error: PostgresError) {
    guard let pointer = unsafe pointer else { return }
    watch?.cancel()
    watch = nil
    unsafe self.pointer = nil
    unsafe PQfinish(pointer)
    let unanswered = segments + (script.map { [$0] } ?? [])
    segments = []
    script = nil
    for segment in unanswered {
      // FATAL messages (57P01 and the like) were taken as this segment's error before the end.
      var cause = segment.error ?? error
      cause.outcomeUnknown = true
      segment.promise.fulfil(.failure(cause))
    }
    onClose(error)
  }
}

/// What the server has said since the last answer.
///
/// `@unchecked Sendable`: libpq calls back on the thread that reads, which is the loop's.
private final class Notices: @unchecked Sendable {
  var texts: [String] = []
}

extension PostgresError {
  /// The error that a result carries.
  init(result: OpaquePointer) {
    func field(_ code: Int32) -> String? {
      unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
    }
    self.init(
      sqlState: field(DIAG_SQLSTATE),
      message: field(DIAG_MESSAGE_PRIMARY)
        ?? oneLine(unsafe String(cString: PQresultErrorMessage(result))))
    detail = field(DIAG_MESSAGE_DETAIL)
    hint = field(DIAG_MESSAGE_HINT)
    context = field(DIAG_CONTEXT)
    position = field(DIAG_STATEMENT_POSITION).flatMap { Int($0) }
    internalPosition = field(DIAG_INTERNAL_POSITION).flatMap { Int($0) }
    internalQuery = field(DIAG_INTERNAL_QUERY)
  }
}

func oneLine(_ text: String) -> String {
  text.split(separator: "\n").joined(separator: "; ")
}
