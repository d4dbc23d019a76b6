internal import EventLog
internal import EventLoop
internal import Postgres

/// Folds new events into all live builds, as they come: one transaction for all that stand at the same position.
@EventLoop
final class Projector {
  private(set) var builds: [Int: Build] = [:]
  /// Called when a build's position has moved.
  var onAdvance: (Build) -> Void = { _ in }
  /// Called with all builds when one that is folded here turned out to be another daemon's matter as well.
  var onChange: ([Build]) async -> Void = { _ in }

  private let session: Session
  private let store: BuildStore
  private let tail: LogTail
  private var isRunning = false
  private var mustRun = false
  private var isStopped = false
  /// When builds that failed are tried again.
  private var retries: Set<Int> = []
  private var exclusive: [(work: () async -> Void, done: Signal)] = []

  /// Events in one transaction of live folding at most.
  private static let chunk = 10_000
  private static let retryInterval = Duration.seconds(2)

  init(_ session: Session, tail: LogTail) {
    self.session = session
    store = BuildStore(session: session)
    self.tail = tail
  }

  func start() {
    tail.followers[ObjectIdentifier(self)] = { [weak self] _, _ in self?.wake() }
    wake()
  }

  func stop() {
    isStopped = true
    tail.followers[ObjectIdentifier(self)] = nil
  }

  func add(_ build: Build) {
    builds[build.id] = build
    onAdvance(build)
    wake()
  }

  func remove(_ id: Int) {
    builds[id] = nil
  }

  func wake() {
    mustRun = true
    guard !isRunning, !isStopped else { return }
    isRunning = true
    Task { @EventLoop in
      while mustRun, !isStopped {
        mustRun = false
        await runExclusive()
        await foldAll()
      }
      isRunning = false
    }
  }

  /// Runs something while nothing is being folded.
  func exclusively(_ work: @escaping () async -> Void) async {
    let done = Signal()
    exclusive.append((work, done))
    wake()
    await done.wait()
  }

  private func runExclusive() async {
    while !exclusive.isEmpty {
      let (work, done) = exclusive.removeFirst()
      await work()
      done.fire()
    }
  }

  private func foldAll() async {
    while exclusive.isEmpty, !isStopped {
      let behind = builds.values.filter { $0.position < tail.head && !retries.contains($0.id) }
      guard let lowest = behind.map(\.position).min() else { return }
      let group = behind.filter { $0.position == lowest }.sorted { $0.id < $1.id }
      // Those that are ahead are met where they stand.
      let next = behind.map(\.position).filter { $0 > lowest }.min() ?? tail.head
      await fold(group, upTo: min(next, lowest + Projector.chunk))
    }
    if !exclusive.isEmpty { mustRun = true }
  }

  private func fold(_ group: [Build], upTo: Int) async {
    do {
      _ = try await session.run(
        Fold.queries(group, after: group[0].position, upTo: upTo), resend: .forbidden)
      for build in group { moved(build.id, to: upTo) }
    } catch {
      if error.isUnavailable || ["PL004", "42P01", "3F000"].contains(error.sqlState) {
        await readPositions()
      } else if group.count > 1 {
        for build in group { await fold([build], upTo: upTo) }
      } else {
        await failed(group[0], error)
      }
    }
  }

  private func moved(_ id: Int, to position: Int) {
    guard var build = builds[id] else { return }
    build.position = position
    build.failure = nil
    builds[id] = build
    onAdvance(build)
  }

  /// After a lost connection, another daemon's fold or its swap of a build: the checkpoints say what is true.
  private func readPositions() async {
    do {
      let known = try await store.all()
      for build in known where builds[build.id] != nil {
        if builds[build.id]?.position != build.position { moved(build.id, to: build.position) }
      }
      let ids = Set(known.map(\.id))
      for id in builds.keys where !ids.contains(id) { builds[id] = nil }
      await onChange(known)
    } catch {
      // Asked again with the next event or poll.
      await EventLoop.sleep(.milliseconds(100))
    }
  }

  private func failed(_ build: Build, _ error: PostgresError) async {
    let message =
      build.folder.map { ErrorLocation(error, in: $0).refusal.description } ?? error.description
    builds[build.id]?.failure = message
    if let build = builds[build.id] { onAdvance(build) }
    try? await store.setFailure(build.id, message)
    retries.insert(build.id)
    EventLoop.after(Projector.retryInterval) { [weak self] in
      self?.retries.remove(build.id)
      self?.wake()
    }
  }
}
