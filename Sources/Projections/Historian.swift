internal import EventLog
internal import EventLoop
internal import Postgres
internal import Scalars

/// Keeps copies of the rows of the live builds as of versions of the past, so that no answer about a moment folds more than
/// the events between two of them.
///
/// It works in the background, on a connection of its own, and rests at least as long as it works. What it has not come to
/// yet is answered all the same, from further back.
@EventLoop
final class Historian {
  /// Events of a scope from one copy to the next at least. Where the rows are more, it is as many events as there are
  /// rows.
  var spacing = 500 {
    didSet { seen = [:] }
  }

  private let info: ConnectionInfo
  private let session: Session
  private let catalog: ViewCatalog
  private let tail: LogTail
  /// Up to where the log was looked through for what is due, by build.
  private var seen: [Int: Int] = [:]
  private var running: Signal?
  private var isStopped = false
  private var news = Signal()
  /// What stood in the way last.
  private(set) var failure: String?

  private static let interval = Duration.seconds(2)
  private static let failureInterval = Duration.seconds(30)

  /// `info` says how to connect as the projector's role.
  init(_ info: ConnectionInfo, catalog: ViewCatalog, tail: LogTail) {
    self.info = info
    session = Session(info)
    self.catalog = catalog
    self.tail = tail
  }

  func start() {
    session.start()
    tail.followers[ObjectIdentifier(self)] = { [weak self] _, _ in self?.news.fire() }
    Task { @EventLoop in
      while !isStopped {
        let worked = await catchUp()
        if !worked { await EventLoop.sleep(Historian.failureInterval) }
        await news.wait()
        news = Signal()
        // A busy log is looked through from time to time.
        await EventLoop.sleep(Historian.interval)
      }
    }
  }

  func stop() {
    isStopped = true
    tail.followers[ObjectIdentifier(self)] = nil
    news.fire()
    session.close()
  }

  /// Makes all copies that are due; false where something failed, which is tried again later.
  @discardableResult
  func catchUp() async -> Bool {
    while let running { await running.wait() }
    let done = Signal()
    running = done
    defer {
      running = nil
      done.fire()
    }
    var all = true
    let builds = catalog.served.values.map(\.build)
    for id in seen.keys where !builds.contains(where: { $0.id == id }) { seen[id] = nil }
    for build in builds.sorted(by: { $0.id < $1.id }) where !isStopped {
      let head = tail.head
      guard (seen[build.id] ?? -1) < head else { continue }
      do throws(PostgresError) {
        if try await catchUp(build) { seen[build.id] = head } else { all = false }
      } catch {
        failure = error.description
        all = false
      }
    }
    return all
  }

  /// What is due of one scope.
  private struct Due {
    let scope: UUID
    var base: Sandbox.Base
    var version: Int
    let newest: Int
  }

  /// False where a scope could not be folded: the others were.
  private func catchUp(_ build: Build) async throws(PostgresError) -> Bool {
    let rows = try await session.run(
      Historian.dueStatement(.int(build.id), .int(seen[build.id] ?? 0), .int(spacing)),
      resend: .allowed)
    if rows.isEmpty { return true }
    let sandbox = try await Sandbox.open(build, info)
    defer { sandbox.close() }
    var all = true
    for row in 0..<rows.count where !isStopped {
      let base = rows.int(row, 1).map { Sandbox.Base.snapshot(id: $0, version: rows.int(row, 2)!) }
      var due = Due(
        scope: UUID(rows.text(row, 0))!, base: base ?? .nothing, version: rows.int(row, 3)!,
        newest: rows.int(row, 4)!)
      do throws(PostgresError) {
        try await catchUp(&due, build, sandbox)
      } catch {
        if error.isUnavailable || !sandbox.isOpen { throw error }
        // Another daemon has made the same copy, or a bad event stands in the way.
        failure = error.description
        all = false
      }
    }
    return all
  }

  private func catchUp(_ due: inout Due, _ build: Build, _ sandbox: Sandbox)
    async throws(PostgresError)
  {
    while due.version <= due.newest, !isStopped {
      let began = ContinuousClock().now
      let scope = build.category == nil ? nil : due.scope
      guard let kept = try await sandbox.keep(scope: scope, from: due.base, upTo: due.version)
      else { return }
      due.base = .snapshot(id: kept.id, version: due.version)
      due.version += max(spacing, kept.rows)
      await EventLoop.sleep(ContinuousClock().now - began)
    }
  }

  private static let dueStatement = Statement(
    """
    SELECT scope, snapshot_id, version, due, newest FROM projection.due_snapshots($1, $2, $3)
     ORDER BY newest DESC
    """)
}
