internal import EventLog
internal import EventLoop
internal import Postgres
internal import Scalars

/// Folds new events into the builds whose leases this daemon has. The others it follows.
///
/// A view that somebody waits for is folded at once. The rest follow in rounds with pauses between them, so that a busy log
/// is folded a few times in a second and not at each of its commits. Each build has transactions of its
/// own: who waits for one waits for no other, but for the one that is just being folded.
@EventLoop
final class Projector {
  private(set) var builds: [Int: Build] = [:]
  /// Called when a build's position has moved.
  var onAdvance: (Build) -> Void = { _ in }
  /// Called when a build that is folded here turned out to be another daemon's matter as well.
  var onChange: () async -> Void = {}
  /// The positions that somebody waits for live builds to reach, by projection.
  var awaited: () -> [String: Int] = { [:] }

  private let session: Session
  private let store: BuildStore
  private let tail: LogTail
  private let leases: Leases
  private var isRunning = false
  private var mustRun = false
  /// Up to where the round folds all builds.
  private var roundGoal = 0
  private var isInRound = false
  /// When the next round may begin.
  private var nextRound = ContinuousClock().now
  private var isPausing = false
  private var isStopped = false
  private var mustReadPositions = false
  /// The log is shorter than it was said to be.
  private var waitsForLog = false
  /// When builds that failed are tried again.
  private var retries: Set<Int> = []
  private var exclusive: [(work: () async -> Void, done: Signal)] = []
  private var isFollowing = false
  private var appendTimes = AppendTimes()

  /// From an event to its round at least.
  private static let shortestPause = Duration.milliseconds(5)
  /// From the beginning of a round to that of the next at least: a fold of a few events costs as much as one of fifty, and
  /// each makes answers old that are kept.
  private static let roundInterval = Duration.milliseconds(250)
  /// Events in one transaction of live folding at most.
  private static let chunk = 10_000
  private static let retryInterval = Duration.seconds(2)
  private static let logInterval = Duration.milliseconds(250)
  /// How often the checkpoints that another daemon moves are read: soon after an event, then less often.
  private static let followIntervals = [2, 5, 10, 20, 50, 100].map { Duration.milliseconds($0) }

  init(_ session: Session, store: BuildStore, tail: LogTail, leases: Leases) {
    self.session = session
    self.store = store
    self.tail = tail
    self.leases = leases
  }

  func start() {
    tail.followers[ObjectIdentifier(self)] = { [weak self] head, _ in
      guard let self else { return }
      appendTimes.note(head, at: ContinuousClock().now)
      if builds.values.contains(where: { $0.position > head }) {
        readPositionsAgain()
      } else if awaited().isEmpty {
        wakeSoon()
      } else {
        hasten()
      }
    }
    tail.onHurry = { [weak self] in self?.wake() }
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

  /// Takes on what is to be folded, as the database knows it: what was folded here when it was asked, `before`, and is
  /// not among it goes. Checkpoints that were reached here meanwhile stand.
  func take(_ known: [Build], before: Set<Int>) {
    let ids = Set(known.map(\.id))
    for id in before where !ids.contains(id) { builds[id] = nil }
    for build in known {
      var build = build
      if let position = builds[build.id]?.position {
        build.position = max(position, build.position)
      }
      builds[build.id] = build
      onAdvance(build)
    }
    wake()
  }

  /// Folds all that is behind.
  func wake() {
    roundGoal = tail.head
    if !isInRound { nextRound = ContinuousClock().now + Projector.roundInterval }
    isInRound = true
    run()
  }

  /// The same after a pause, in which more may come. A round that is under way sees to it at its end.
  private func wakeSoon() {
    guard !isPausing, !isInRound, !isStopped else { return }
    isPausing = true
    let pause = nextRound - ContinuousClock().now
    EventLoop.after(max(pause, Projector.shortestPause)) { [weak self] in
      self?.isPausing = false
      self?.wake()
    }
  }

  /// Folds what somebody waits for by now, here or where that is done.
  func hasten() {
    let awaited = awaited()
    if followed.contains(where: { $0.position < awaited[$0.projection] ?? 0 }) {
      tail.hurryOthers()
    }
    run()
  }

  private func run() {
    mustRun = true
    follow()
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

  /// The checkpoints may be others than they were: after a lost connection they may even be a restored database's.
  func readPositionsAgain() {
    mustReadPositions = true
    wake()
  }

  /// For how long the oldest event has been in the log that is not in all views which are folded here.
  var lag: Duration {
    let positions = builds.values.lazy.filter { [self] in
      $0.state == "live" && $0.failure == nil && target($0) != nil
    }.map(\.position)
    return appendTimes.age(after: positions.min() ?? tail.head, at: ContinuousClock().now)
  }

  /// Runs something while nothing is being folded here.
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

  // MARK: Folding

  /// Nil where another daemon folds it, or a projection over all streams is parked.
  private func target(_ build: Build) -> Fold.Target? {
    guard build.parking(of: nil) == nil,
      let lease = leases.lease(ofProjection: build.projection)
    else { return nil }
    return (build, lease)
  }

  private func foldAll() async {
    while exclusive.isEmpty, !isStopped, !waitsForLog {
      if mustReadPositions {
        guard await readPositions() else { continue }
      }
      guard let next = next() else { return endRound() }
      await fold(next, upTo: min(tail.head, next.build.position + Projector.chunk))
    }
    if !exclusive.isEmpty { mustRun = true }
  }

  /// Those that somebody waits for come first, then those that the round has not come to, the lowest first.
  private func next() -> Fold.Target? {
    let behind = builds.values.filter { $0.position < tail.head && !retries.contains($0.id) }
      .sorted { ($0.position, $0.id) < ($1.position, $1.id) }
    let awaited = awaited()
    let urgent = behind.lazy.filter { [awaited] build in
      build.state == "live" && build.position < awaited[build.projection] ?? 0
    }
    let due = behind.lazy.filter { [roundGoal] in $0.position < roundGoal }
    return urgent.compactMap { self.target($0) }.first ?? due.compactMap { self.target($0) }.first
  }

  private func endRound() {
    isInRound = false
    if builds.values.contains(where: { $0.position < tail.head }) { wakeSoon() }
  }

  private func fold(_ target: Fold.Target, upTo: Int) async {
    do {
      try await Fold.run(target, after: target.build.position, upTo: upTo) {
        [session] queries throws(PostgresError) in
        try await session.run(queries, resend: .forbidden)
      }
      moved(target.build.id, to: upTo)
    } catch {
      if error.isUnavailable {
        await readPositions()
      } else if error.sqlState == "PL006" {
        waitForLog()
      } else if error.sqlState == "PL007" {
        try? await leases.beat()
      } else if ["PL004", "42P01", "3F000"].contains(error.sqlState), await haveMoved(target.build)
      {
        return
      } else if error.isOfTheEvent {
        await foldAround(target, upTo: upTo, error)
      } else {
        await failed(target.build, error)
      }
    }
  }

  /// Folds what can be folded, in halves; the scope of the event at which that ends is parked.
  private func foldAround(_ target: Fold.Target, upTo: Int, _ error: PostgresError) async {
    let after = target.build.position
    guard upTo - after > 1 else { return await park(target.build, at: upTo, error) }
    await fold(target, upTo: (after + upTo) / 2)
  }

  private func park(_ build: Build, at position: Int, _ error: PostgresError) async {
    let message =
      build.folder.map { ErrorLocation(error, in: $0).refusal.description } ?? error.description
    do {
      try await store.park(build.id, at: position, message)
      if let known = try await store.build(build.id) { replace(known) }
    } catch {
      await failed(build, error)
    }
  }

  /// Takes what the database knows of a build that is folded here.
  func replace(_ build: Build) {
    guard builds[build.id] != nil else { return }
    builds[build.id] = build
    onAdvance(build)
  }

  /// Whether another daemon has folded or swapped it: otherwise the error is the folder's own.
  private func haveMoved(_ build: Build) async -> Bool {
    guard await readPositions() else { return true }
    return builds[build.id]?.position != build.position
  }

  /// Goes on when the log may have got there; meanwhile the builds stand where they are.
  private func waitForLog() {
    waitsForLog = true
    EventLoop.after(Projector.logInterval) { [weak self] in
      self?.waitsForLog = false
      self?.wake()
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
  /// False where they could not be read, and will be again.
  @discardableResult
  private func readPositions() async -> Bool {
    mustReadPositions = false
    do {
      let known = try await store.all()
      for build in known where builds[build.id] != nil {
        if builds[build.id]?.position != build.position { moved(build.id, to: build.position) }
      }
      let ids = Set(known.map(\.id))
      for id in builds.keys where !ids.contains(id) { builds[id] = nil }
      await onChange()
      return true
    } catch {
      mustReadPositions = true
      await EventLoop.sleep(.milliseconds(100))
      return false
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

  // MARK: Following

  private var followed: [Build] {
    builds.values.filter {
      $0.position < tail.head && leases.lease(ofProjection: $0.projection) == nil
    }
  }

  /// Reads the checkpoints that another daemon moves until they have reached the head.
  private func follow() {
    guard !isFollowing, !isStopped, !followed.isEmpty else { return }
    isFollowing = true
    Task { @EventLoop in
      var waits = Projector.followIntervals[...]
      while !isStopped, !followed.isEmpty {
        await EventLoop.sleep(waits.first!)
        if waits.count > 1 { waits.removeFirst() }
        guard let positions = try? await store.positions() else { continue }
        for (id, position) in positions where (builds[id]?.position ?? position) < position {
          moved(id, to: position)
        }
      }
      isFollowing = false
    }
  }
}
