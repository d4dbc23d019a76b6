internal import EventLoop
package import JSON
internal import Postgres

/// A rebuild, a verification or a comparison of generations, as it is told to clients.
package struct JobStatus: Sendable {
  package enum Kind: String, Sendable { case rebuild, verify, diff }
  package enum State: String, Sendable { case running, done, failed, cancelled }

  package let id: Int
  package let kind: Kind
  package let projection: String
  package var state = State.running
  /// Events folded, of `total`.
  package var processed = 0
  package var total = 0
  /// Over the whole of this run.
  package var eventsPerSecond = 0.0
  /// RFC 3339.
  package var startedAt = ""
  package var endedAt: String?
  package var message: String?
  package var report: JSON?
  /// Why a folder was refused, where that ended it and it was this daemon's.
  var refusal: ProjectionRefusal?
  /// What was asked for beyond the kind.
  let options: JSON

  /// Nil where the rate is not known yet.
  package var secondsLeft: Double? {
    guard state == .running, eventsPerSecond > 0 else { return nil }
    return Double(max(0, total - processed)) / eventsPerSecond
  }

  static let columns = """
    job_id, kind, projection, state, processed, total, report::text, message,
    to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    processed / greatest(extract(epoch FROM coalesce(ended_at, now()) - started_at), 0.001),
    options::text
    """

  init(_ rows: Rows, row: Int) {
    id = rows.int(row, 0)!
    kind = Kind(rawValue: rows.text(row, 1))!
    projection = rows.text(row, 2)
    state = State(rawValue: rows.text(row, 3))!
    processed = rows.int(row, 4)!
    total = rows.int(row, 5)!
    report = rows[row, 6].flatMap { try? JSON.parse($0) }
    message = rows[row, 7]
    startedAt = rows.text(row, 8)
    endedAt = rows[row, 9]
    eventsPerSecond = rows[row, 10].flatMap { Double($0) } ?? 0
    options = rows[row, 11].flatMap { try? JSON.parse($0) } ?? [:]
  }
}

/// A job that this daemon is at.
@EventLoop
final class Job {
  private(set) var status: JobStatus
  let lease: Lease
  private(set) var isCancelled = false
  private let started = ContinuousClock().now
  private var processedBefore: Int
  /// Those who wait for the next change.
  private var waiters: [Signal] = []

  init(_ status: JobStatus, lease: Lease) {
    self.status = status
    self.lease = lease
    processedBefore = status.processed
  }

  /// Nobody waits for it: it leaves the machine to others.
  var isInBackground: Bool { status.options["background"]?.bool ?? false }

  func cancel() {
    isCancelled = true
  }

  func update(_ change: (inout JobStatus) -> Void) {
    change(&status)
    let seconds = Double((ContinuousClock().now - started).microseconds) / 1_000_000
    status.eventsPerSecond = Double(status.processed - processedBefore) / max(seconds, 0.001)
    let waiting = waiters
    waiters = []
    for signal in waiting { signal.fire() }
  }

  /// Waits for the next change, at most so long.
  func wait(_ duration: Duration) async {
    let signal = Signal()
    waiters.append(signal)
    let timer = EventLoop.after(duration) { signal.fire() }
    await signal.wait()
    timer.cancel()
    waiters.removeAll { $0 === signal }
  }
}

extension Duration {
  fileprivate var microseconds: Int {
    Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
  }
}
