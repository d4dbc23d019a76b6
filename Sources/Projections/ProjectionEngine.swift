package import EventLog
package import EventLoop
internal import Files
package import JSON
package import Postgres
package import Scalars

/// Runs the projections of a folder: builds them, folds new events into them, answers questions to them,
/// rebuilds and verifies them.
///
/// What it does with folders is in `ProjectionEngine+Reload`, with generations in `ProjectionEngine+Generations`, and
/// with doubts in `ProjectionEngine+Proof`.
@EventLoop
package final class ProjectionEngine {
  /// Called when methods of the views interface came, went or changed.
  package var onInterfaceChange: () -> Void = {}

  let folder: String
  let tail: LogTail
  let session: Session
  private let querySessions: [Session]
  let leases: Leases
  private let predecessor: UUID?
  let store: BuildStore
  let projector: Projector
  let catalog: ViewCatalog
  package let answers: AnswerCache
  private let history: HistoryReader
  let sandboxes: SandboxPool
  let moments: MomentReader
  let historian: Historian
  let worker: Worker
  let jobs: JobBoard
  private let proofInterval: Duration?
  var isStopped = false
  var isReloading = false
  var isRefolding = false
  /// Projections that are being removed.
  var leaving: Set<String> = []
  let log: @Sendable (String) -> Void

  /// Connections that answer questions.
  private static let queryConnections = 4

  /// `projector` and `query` say how to connect as the projector's and the query role. A daemon goes by an id on the
  /// database; `predecessor` is that of one that has ended for sure, in whose place this one comes. Each view is compared
  /// with a fresh fold again after `proofInterval`, if there is one. `commandTypes` are the definitions of the type Command,
  /// of which what-ifs have lists, and of those that it is made of. Up to `keptAnswers` bytes of answers are kept.
  package init(
    folder: String, projector projectorInfo: ConnectionInfo, query queryInfo: ConnectionInfo,
    tail: LogTail, daemonID: UUID, predecessor: UUID? = nil, proofInterval: Duration? = nil,
    commandTypes: String = "type Command ()", keptAnswers: Int = 0,
    clock: @escaping @Sendable () -> Instant = { Instant(microseconds: 0) },
    log: @escaping @Sendable (String) -> Void
  ) {
    self.folder = folder
    self.tail = tail
    self.log = log
    self.predecessor = predecessor
    self.proofInterval = proofInterval
    // So that who takes this daemon's place can end what it has under way.
    let info = projectorInfo.setting("application_name", "plannerd \(daemonID)")
    session = Session(info)
    querySessions = (0..<ProjectionEngine.queryConnections).map { _ in Session(queryInfo) }
    leases = Leases(info, daemonID: daemonID)
    store = BuildStore(session: session)
    projector = Projector(session, store: store, tail: tail, leases: leases)
    catalog = ViewCatalog(session: querySessions[0], commandTypes: commandTypes)
    sandboxes = SandboxPool(queryInfo)
    moments = MomentReader(querySessions, catalog: catalog, pool: sandboxes)
    let reader = ViewReader(
      querySessions.map { QuerySession($0) }, catalog: catalog, moments: moments, tail: tail)
    answers = AnswerCache(limit: keptAnswers, catalog: catalog, tail: tail, clock: clock) {
      request throws(ViewError) in try await reader.answer(request)
    }
    history = HistoryReader(moments)
    historian = Historian(info, catalog: catalog, leases: leases)
    worker = Worker(info: info, tail: tail, store: store)
    jobs = JobBoard(session: session, leases: leases)
  }

  /// Starts with what is there, builds what is not, and returns when all views that could be built answer. Views whose
  /// folders are not there stay, since they may be another daemon's.
  package func start() async throws(LogFault) {
    do {
      _ = try Files.list(folder)
    } catch {
      throw LogFault(.other, "the folder of projections cannot be read: \(error)")
    }
    session.onConnect = { [projector, answers] _ throws(PostgresError) in
      answers.forget()
      projector.readPositionsAgain()
    }
    for session in [session] + querySessions { session.start() }
    projector.onAdvance = { [catalog] in catalog.advanced($0) }
    projector.awaited = { [catalog] in catalog.awaited }
    catalog.onAwait = { [projector] in projector.hasten() }
    projector.onChange = { [weak self] in await self?.refresh() }
    catalog.onChange = { [weak self] in self?.onInterfaceChange() }
    catalog.refresh = { [weak self] in await self?.refresh() }
    historian.giveWay = { [weak jobs] in await jobs?.waitForAny() ?? false }
    jobs.work = { [weak self] job throws(JobFailure) in try await self?.perform(job) }
    do {
      try await leases.start(inPlaceOf: predecessor)
      try await jobs.failUnowned()
      try await store.dropAbandoned()
      try await store.openToMoments()
    } catch {
      throw LogFault(error)
    }
    await refresh()
    leases.onChange = { [weak self] in self?.leasesChanged() }
    leases.onBeat = { [weak jobs] in await jobs?.adopt() }
    leases.onBuildsChange = { [weak self] in
      self?.answers.forget()
      await self?.refresh()
      Task { @EventLoop [weak self] in await self?.refoldErased() }
    }
    projector.start()
    historian.start()
    leasesChanged()
    prove()
    // What answers already need not wait for what has changed since.
    if catalog.views.isEmpty { return await readFolders() }
    Task { @EventLoop in await readFolders() }
  }

  private func readFolders() async {
    for refusal in await reload(removing: false).refused { log("projection refused: \(refusal)") }
  }

  package func stop() async {
    isStopped = true
    projector.stop()
    historian.stop()
    sandboxes.close()
    await leases.stop()
    for session in [session] + querySessions { session.close() }
  }

  private func leasesChanged() {
    projector.readPositionsAgain()
    Task { @EventLoop in await refoldErased() }
  }

  // MARK: What is there

  /// Folds and serves what the database says, which other daemons change as well, and no longer what is gone from it.
  func refresh() async {
    let before = catalog.served.mapValues(\.build.id)
    let folded = Set(projector.builds.keys)
    guard let known = try? await store.all() else { return }
    projector.take(known.filter(\.isFolded), before: folded)
    let live = Set(known.filter { $0.state == "live" }.map(\.projection))
    for (name, id) in before where !live.contains(name) && catalog.served[name]?.build.id == id {
      catalog.withdraw(name)
    }
    await adopt(known.filter { $0.state == "live" }, before)
  }

  /// Serves builds that are live and not served here: those of an earlier life, and those that another daemon has
  /// put in the place of ones known here, unless that has changed since `before`, the ids of the builds by projection.
  private func adopt(_ live: [Build], _ before: [String: Int]) async {
    for build in live {
      let name = build.projection
      func isAsBefore() -> Bool {
        catalog.served[name]?.build.id == before[name] && !leaving.contains(name)
      }
      guard before[name] != build.id, isAsBefore() else { continue }
      let served = catalog.served[name]
      let folder = served?.build.generation == build.generation ? served?.folder : build.folder
      guard let folder, let views = try? await catalog.prepare(folder, on: build) else { continue }
      guard isAsBefore() else { continue }
      catalog.serve(folder, projector.builds[build.id] ?? build, views)
    }
  }

  // MARK: Questions

  /// How often questions of now went to Postgres.
  var queryRoundTrips: Int { querySessions.reduce(0) { $0 + $1.roundTrips } }

  package func answer(_ request: ViewRequest) async throws(ViewError) -> ViewAnswer {
    try await answers.answer(request)
  }

  /// The events that made a view's row what it is: the reply of `Why`.
  package func why(_ request: HistoryRequest) async throws(ViewError) -> JSON {
    try await history.why(request)
  }

  /// The rows of a view that differ between two moments: the reply of `Changes`.
  package func changes(_ request: HistoryRequest) async throws(ViewError) -> JSON {
    try await history.changes(request)
  }

  /// What tells when another answer to the same question may be another one.
  package func watch(_ method: String, scope: UUID?) -> LiveWatch {
    LiveWatch(method, scope: scope, catalog: catalog, tail: tail)
  }

  /// Whether a method's rows belong to one stream each; nil where there is no such method.
  package func isScoped(_ method: String) -> Bool? {
    catalog.views[method].map { $0.build.category != nil }
  }

  package var interfaceDefinition: String {
    ViewsInterface.definition(Array(catalog.views.values), commands: catalog.commandTypes)
  }

  package struct Health: Sendable {
    package let name: String
    package let generation: String
    package let build: Int
    package let state: String
    package let position: Int
    package let lag: Int
    package let message: String?
    /// How many planners it is parked for.
    package let parked: Int
    package let proof: Build.Proof?
  }

  package var health: [Health] {
    catalog.served.values.sorted { $0.folder.name < $1.folder.name }.map { served in
      let build = served.build
      let state = build.parked.isEmpty ? "live" : "parked"
      return Health(
        name: served.folder.name, generation: String(build.generation.prefix(12)), build: build.id,
        state: build.failure == nil ? state : "failed", position: build.position,
        lag: max(0, tail.head - build.position),
        message: build.failure ?? build.parked.first?.message, parked: build.parked.count,
        proof: build.proof)
    }
  }

  /// The state of the connections, where one of them is not connected.
  package var trouble: String? {
    for session in [session] + querySessions {
      if case .connecting(let error) = session.state { return error ?? "connecting" }
    }
    return nil
  }

  // MARK: Jobs

  package enum JobError: Error, Sendable {
    case noSuchProjection(String)
    /// No build of the projection is in that state.
    case noSuchBuild(projection: String, state: String)
    case noSuchJob(Int)
    case alreadyRunning(Int)
    /// The folder cannot be built, or cannot be put in the place of what is live.
    case refused(ProjectionRefusal)
    case unavailable(String)
  }

  /// How long appends should rest, as a multiple of the time that they take, for views to stay less than a second behind
  /// the log: nothing below 0.5 s, once at 0.6 s, four times from 0.9 s on.
  package var restOfAppends: Double {
    let lag = projector.lag / .milliseconds(100)
    return min(max(0, lag - 5), 4)
  }

  package var projections: [String] { catalog.served.keys.sorted() }

  private func perform(_ job: Job) async throws(JobFailure) {
    switch job.status.kind {
    case .rebuild: try await rebuild(job)
    case .verify: try await verify(job)
    case .diff: try await diff(job)
    }
  }

  /// Starts to rebuild a projection; gives the job's id.
  package func rebuild(_ name: String) async throws(JobError) -> Int {
    guard let served = catalog.served[name] else { throw .noSuchProjection(name) }
    return try await jobs.start(.rebuild, name, options: ["source": served.folder.source])
  }

  package func jobs(limit: Int) async throws(JobError) -> [JobStatus] {
    try await jobs.newest(limit)
  }
  package func job(_ id: Int) async throws(JobError) -> JobStatus { try await jobs.status(id) }
  package func cancel(_ id: Int) async throws(JobError) -> JobStatus { try await jobs.cancel(id) }

  /// Waits until a job has changed, at most so long.
  package func waitForJob(_ id: Int, _ duration: Duration) async { await jobs.wait(id, duration) }

  /// Goes round the views by itself, that which was proved longest ago first.
  private func prove() {
    guard let proofInterval else { return }
    Task { @EventLoop in
      while !isStopped {
        await EventLoop.sleep(min(proofInterval, .seconds(60)))
        await proveNext(proofInterval)
      }
    }
  }
}
