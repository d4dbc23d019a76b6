internal import EventLog
internal import EventLoop
internal import Postgres
internal import Scalars

/// Keeps copies of the rows of the live builds as of versions of the past, so that no answer about a moment folds more than
/// the events between two of them.
///
/// It works in the background, on a connection of its own: while the log is quiet half of the time, else a tenth of it, and
/// a burst of commands, like a job, is waited for to end. What it has not come to yet is answered all the same, from
/// further back.
@EventLoop
final class Historian {
  /// Events of a scope from one snapshot to the next.
  var spacing = 100 {
    didSet { forget() }
  }

  private let info: ConnectionInfo
  private let session: Session
  private let catalog: ViewCatalog
  private let leases: Leases
  /// Up to where the log was looked through for what is due, by build.
  private var seen: [Int: Int] = [:]
  /// What of that the database knows, for who comes after this daemon.
  private var noted: [Int: Int] = [:]
  /// Another one whenever that counts no longer.
  private var era = 0
  private var running: Signal?
  private var isStopped = false
  private var news = Signal()
  private var lastNews = ContinuousClock().now
  /// What stood in the way last.
  private(set) var failure: String?
  /// Waits up to a second for work that somebody waits for, and that this would slow down; false where there is none.
  var giveWay: () async -> Bool = { false }

  /// How long one build is worked at while others wait.
  private static let turn = Duration.seconds(3)
  /// Without events for that long the log is quiet.
  private static let interval = Duration.seconds(2)
  /// For how many such intervals quiet is waited for.
  private static let patience = 15
  private static let failureInterval = Duration.seconds(30)

  /// `info` says how to connect as the projector's role. Of several daemons the one that folds a projection keeps the
  /// copies of its rows.
  init(_ info: ConnectionInfo, catalog: ViewCatalog, leases: Leases) {
    self.info = info
    self.leases = leases
    session = Session(info)
    self.catalog = catalog
  }

  func start() {
    // Postgres may have lost what it had not flushed: copies, and then also the note that they were made.
    session.onConnect = { [weak self] _ throws(PostgresError) in self?.forget() }
    session.start()
    catalog.followers[ObjectIdentifier(self)] = { [weak self] _, _ in
      self?.lastNews = ContinuousClock().now
      self?.news.fire()
    }
    Task { @EventLoop in
      while !isStopped {
        // Who has just started has more urgent things to do as well.
        var intervals = 0
        repeat {
          await EventLoop.sleep(Historian.interval)
          intervals += 1
        } while !isQuiet && intervals < Historian.patience
        news = Signal()
        let worked = await catchUp()
        if !worked { await EventLoop.sleep(Historian.failureInterval) }
        await news.wait()
      }
    }
  }

  private func forget() {
    (seen, noted) = ([:], [:])
    era += 1
  }

  private var isQuiet: Bool { ContinuousClock().now - lastNews >= Historian.interval }

  func stop() {
    isStopped = true
    catalog.followers[ObjectIdentifier(self)] = nil
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
    var failed: Set<Int> = []
    var isUnfinished = true
    // In turns, so that a build with many rows does not hold up the others.
    while isUnfinished, !isStopped {
      isUnfinished = false
      for build in builds() where !failed.contains(build.id) && !isStopped {
        while !isStopped, await giveWay() {}
        let era = era
        do throws(PostgresError) {
          switch try await catchUp(build, until: ContinuousClock().now + Historian.turn) {
          case .done where era != self.era: isUnfinished = true
          case .done:
            seen[build.id] = build.position
            try await note(build)
          case .unfinished: isUnfinished = true
          case .failed: failed.insert(build.id)
          }
        } catch {
          failure = error.description
          failed.insert(build.id)
        }
      }
    }
    return failed.isEmpty
  }

  /// The builds that this daemon folds and that have folded more than was looked through.
  private func builds() -> [Build] {
    let builds = catalog.served.values.map(\.build).filter {
      leases.lease(ofProjection: $0.projection) != nil
    }
    for id in seen.keys where !builds.contains(where: { $0.id == id }) {
      (seen[id], noted[id]) = (nil, nil)
    }
    return builds.filter { (seen[$0.id] ?? -1) < $0.position }.sorted { $0.id < $1.id }
  }

  /// Now and then: what was looked through since is little to look through again.
  private func note(_ build: Build) async throws(PostgresError) {
    guard build.position - (noted[build.id] ?? 0) >= 10 * spacing else { return }
    let era = era
    _ = try await session.run(
      Historian.noteStatement(.int(build.id), .int(spacing), .int(build.position)),
      resend: .allowed)
    if era == self.era { noted[build.id] = build.position }
  }

  private static let noteStatement = Statement(
    """
    INSERT INTO projection.snapshot_looks (build_id, spacing, position)
    SELECT build_id, $2::bigint, $3::bigint FROM projection.builds WHERE build_id = $1
    ON CONFLICT (build_id) DO UPDATE SET spacing = excluded.spacing, position = excluded.position
    """)

  /// How far a build was caught up.
  private enum Progress {
    case done, unfinished
    /// A scope could not be folded: the others were.
    case failed
  }

  private func catchUp(_ build: Build, until deadline: ContinuousClock.Instant)
    async throws(PostgresError) -> Progress
  {
    let rows = try await session.run(
      Historian.dueStatement(.int(build.id), .int(seen[build.id]), .int(spacing)),
      resend: .allowed)
    if rows.isEmpty { return .done }
    let keeper = try await SnapshotKeeper.open(build, info)
    defer { keeper.close() }
    var progress = Progress.done
    for row in 0..<rows.count where !isStopped {
      let scope = UUID(rows.text(row, 0))!
      let last = rows.int(row, 1).map {
        Snapshot(id: $0, baseID: rows.int(row, 3)!, version: rows.int(row, 2)!)
      }
      do throws(PostgresError) {
        let whole = (version: rows.int(row, 4) ?? 0, rows: rows.int(row, 5) ?? 0)
        guard try await keeper.begin(scope, from: last, whole: whole) else { continue }
        let isDone = try await catchUp(keeper, upTo: rows.int(row, 6)!, until: deadline)
        if !isDone { return .unfinished }
      } catch {
        if error.isUnavailable || !keeper.isOpen { throw error }
        // Another daemon has made the same copy, or a bad event stands in the way.
        failure = error.description
        progress = .failed
      }
    }
    return progress
  }

  /// False where there is more to do than there was time for.
  private func catchUp(
    _ keeper: SnapshotKeeper, upTo newest: Int, until deadline: ContinuousClock.Instant
  ) async throws(PostgresError) -> Bool {
    while !isStopped {
      let next = keeper.next(spacing: spacing)
      if next > newest { break }
      if ContinuousClock().now > deadline { return false }
      if await giveWay() { return false }
      let began = ContinuousClock().now
      guard try await keeper.keep(upTo: next) else { break }
      await EventLoop.sleep((ContinuousClock().now - began) * (isQuiet ? 1 : 9))
    }
    return true
  }

  private static let dueStatement = Statement(
    """
    SELECT scope, snapshot_id, version, base_id, base_version, base_rows, newest
      FROM projection.due_snapshots($1, $2, $3) ORDER BY newest DESC
    """)
}
