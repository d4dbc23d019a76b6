package import EventLog
package import EventLoop
internal import Files
internal import JSON
package import Postgres
package import Scalars

/// Runs the projections of a folder: builds them, folds new events into them, answers questions to them,
/// rebuilds and verifies them.
@EventLoop
package final class ProjectionEngine {
  /// Called when methods of the views interface came, went or changed.
  package var onInterfaceChange: () -> Void = {}

  private let folder: String
  private let tail: LogTail
  private let session: Session
  private let querySessions: [Session]
  private let locks: WorkLocks
  private let store: BuildStore
  private let projector: Projector
  let catalog: ViewCatalog
  private let reader: ViewReader
  private let sandboxes: SandboxPool
  let historian: Historian
  private let worker: Worker
  private let jobs: JobBoard
  private var isReloading = false
  /// Projections that are being removed.
  private var leaving: Set<String> = []
  private let log: @Sendable (String) -> Void

  /// Connections that answer questions.
  private static let queryConnections = 4

  /// `projector` and `query` say how to connect as the projector's and the query role; `commandTypes` are the definitions
  /// of the type Command, of which what-ifs have lists, and of those that it is made of.
  package init(
    folder: String, projector projectorInfo: ConnectionInfo, query queryInfo: ConnectionInfo,
    tail: LogTail, commandTypes: String = "type Command ()",
    log: @escaping @Sendable (String) -> Void
  ) {
    self.folder = folder
    self.tail = tail
    self.log = log
    session = Session(projectorInfo)
    querySessions = (0..<ProjectionEngine.queryConnections).map { _ in Session(queryInfo) }
    locks = WorkLocks(session: session)
    store = BuildStore(session: session, locks: locks)
    projector = Projector(session, store: store, tail: tail)
    catalog = ViewCatalog(session: querySessions[0], commandTypes: commandTypes)
    sandboxes = SandboxPool(queryInfo)
    reader = ViewReader(
      querySessions, catalog: catalog,
      moments: MomentReader(querySessions, catalog: catalog, pool: sandboxes))
    historian = Historian(projectorInfo, catalog: catalog, tail: tail)
    worker = Worker(info: projectorInfo, tail: tail, store: store)
    jobs = JobBoard(session: session, locks: locks)
  }

  /// Starts with what is there, builds what is not, and returns when all views that could be built answer. Views whose
  /// folders are not there stay, since they may be another daemon's.
  package func start() async throws(LogFault) {
    do {
      _ = try Files.list(folder)
    } catch {
      throw LogFault(.other, "the folder of projections cannot be read: \(error)")
    }
    session.onConnect = { [locks, projector] connection throws(PostgresError) in
      try await locks.retake(on: connection)
      projector.readPositionsAgain()
    }
    for session in [session] + querySessions { session.start() }
    projector.onAdvance = { [catalog] in catalog.advanced($0) }
    projector.onChange = { [weak self] in await self?.adoptLive() }
    catalog.onChange = { [weak self] in self?.onInterfaceChange() }
    catalog.refresh = { [weak self] in await self?.adoptLive() }
    do {
      try await serveKnownBuilds()
      try await jobs.failInterrupted()
    } catch {
      throw LogFault(error)
    }
    projector.start()
    historian.start()
    // What answers already need not wait for what has changed since.
    if catalog.views.isEmpty { return await readFolders() }
    Task { @EventLoop in await readFolders() }
  }

  private func readFolders() async {
    for refusal in await reload(removing: false).refused { log("projection refused: \(refusal)") }
  }

  package func stop() {
    projector.stop()
    historian.stop()
    sandboxes.close()
    for session in [session] + querySessions { session.close() }
  }

  /// The live builds go on answering with the files that they were made from, until `reload` has looked at
  /// the folders.
  private func serveKnownBuilds() async throws(PostgresError) {
    try await store.dropAbandoned()
    try await store.openToMoments()
    await adopt(try await store.all(), [:])
  }

  /// Serves builds that are live and not served here: those of an earlier life, and those that another daemon has
  /// put in the place of ones known here, unless that has changed since `before`, the ids of the builds by projection.
  private func adopt(_ known: [Build], _ before: [String: Int]) async {
    for build in known where build.state == "live" {
      let name = build.projection
      func isAsBefore() -> Bool {
        catalog.served[name]?.build.id == before[name] && !leaving.contains(name)
      }
      guard before[name] != build.id, isAsBefore() else { continue }
      let served = catalog.served[name]
      let folder = served?.build.generation == build.generation ? served?.folder : build.folder
      guard let folder, let views = try? await catalog.prepare(folder, on: build) else { continue }
      guard isAsBefore() else { continue }
      if let old = served?.build { projector.remove(old.id) }
      if projector.builds[build.id] == nil { projector.add(build) }
      catalog.serve(folder, projector.builds[build.id] ?? build, views)
    }
  }

  /// Serves what is live in the database, which other daemons change as well, and no longer what is gone from it.
  private func adoptLive() async {
    let before = catalog.served.mapValues(\.build.id)
    guard let known = try? await store.all() else { return }
    let live = Set(known.filter { $0.state == "live" }.map(\.projection))
    let ids = Set(known.map(\.id))
    for (name, id) in before where !ids.contains(id) && !live.contains(name) {
      guard catalog.served[name]?.build.id == id else { continue }
      projector.remove(id)
      catalog.withdraw(name)
    }
    await adopt(known, before)
  }

  // MARK: Questions

  package func answer(_ request: ViewRequest) async throws(ViewError) -> ViewAnswer {
    try await reader.answer(request)
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
  }

  package var health: [Health] {
    catalog.served.values.sorted { $0.folder.name < $1.folder.name }.map { served in
      let build = served.build
      return Health(
        name: served.folder.name, generation: String(build.generation.prefix(12)), build: build.id,
        state: build.failure == nil ? "live" : "failed", position: build.position,
        lag: max(0, tail.head - build.position), message: build.failure)
    }
  }

  /// The state of the connections, where one of them is not connected.
  package var trouble: String? {
    for session in [session] + querySessions {
      if case .connecting(let error) = session.state { return error ?? "connecting" }
    }
    return nil
  }

  // MARK: Reload

  package struct ReloadReport: Sendable {
    package var added: [String] = []
    package var changed: [String] = []
    package var removed: [String] = []
    package var unchanged: [String] = []
    package var refused: [ProjectionRefusal] = []
  }

  /// Reads the folders again. What is new or changed is built beside what is live and then put in its place; what is
  /// refused goes on as it was, and so does everything where the folders cannot be listed.
  package func reload() async -> ReloadReport { await reload(removing: true) }

  private func reload(removing: Bool) async -> ReloadReport {
    while isReloading { await EventLoop.sleep(.milliseconds(20)) }
    isReloading = true
    defer { isReloading = false }
    var report = ReloadReport()
    // What another daemon has removed is built again if its folder is here.
    await adoptLive()
    let names: [String]
    do {
      names = try Files.list(folder)
    } catch {
      report.refused = [
        ProjectionRefusal(
          projection: "", file: folder, line: 1,
          message: "the folder of projections cannot be read: \(error)")
      ]
      return report
    }
    // First, so that a method may move from one folder to another.
    for name in catalog.served.keys.sorted() where removing && !names.contains(name) {
      do throws(ProjectionRefusal) {
        try await remove(name)
        report.removed.append(name)
      } catch {
        report.refused.append(error)
      }
    }
    // One that is served and cannot be looked into is refused, not passed over.
    for name in names where catalog.served[name] != nil || Files.isFolder("\(folder)/\(name)") {
      do throws(ProjectionRefusal) {
        let read = try ProjectionFolder(name: name, at: "\(folder)/\(name)")
        try await take(read, &report)
      } catch {
        report.refused.append(error)
      }
    }
    return report
  }

  private func take(_ read: ProjectionFolder, _ report: inout ReloadReport)
    async throws(ProjectionRefusal)
  {
    guard let served = catalog.served[read.name] else {
      try await add(read)
      return report.added.append(read.name)
    }
    if served.folder == read { return report.unchanged.append(read.name) }
    if served.build.generation == read.generation {
      try await changeQueries(read, served.build)
    } else {
      try await replace(with: read, job: nil)
    }
    report.changed.append(read.name)
  }

  /// Where another daemon makes the same one at this moment, the one that comes second serves what the first
  /// has made.
  private func add(_ read: ProjectionFolder) async throws(ProjectionRefusal) {
    do throws(ProjectionRefusal) {
      try await replace(with: read, job: nil)
    } catch {
      await adoptLive()
      if catalog.served[read.name]?.build.generation != read.generation { throw error }
    }
  }

  private func changeQueries(_ read: ProjectionFolder, _ build: Build)
    async throws(ProjectionRefusal)
  {
    do throws(BuildFailure) {
      let views = try await catalog.prepare(read, on: build)
      // A rebuild may have put another build in its place by now; no swap happens in here.
      try await exclusively { [self] () async throws(BuildFailure) in
        guard let current = catalog.served[read.name]?.build,
          current.generation == read.generation
        else { throw .refused(changedMeanwhile(read.name)) }
        try? await store.setSource(current.id, read)
        catalog.serve(
          read, catalog.served[read.name]?.build ?? current, views.map { $0.moved(to: current) })
      }
    } catch {
      throw refusal(of: read.name, error)
    }
  }

  private func remove(_ name: String) async throws(ProjectionRefusal) {
    do throws(BuildFailure) {
      try await exclusively { [self] () async throws(BuildFailure) in
        guard let build = catalog.served[name]?.build else { return }
        leaving.insert(name)
        defer { leaving.remove(name) }
        do throws(PostgresError) {
          try await store.remove(build.id)
        } catch {
          throw .postgres(error)
        }
        projector.remove(build.id)
        catalog.withdraw(name)
      }
    } catch {
      throw refusal(of: name, error)
    }
  }

  /// Runs something while nothing is being folded.
  private func exclusively(_ work: @escaping @EventLoop () async throws(BuildFailure) -> Void)
    async throws(BuildFailure)
  {
    var outcome: Result<Void, BuildFailure> = .success(())
    await projector.exclusively {
      do throws(BuildFailure) {
        try await work()
      } catch {
        outcome = .failure(error)
      }
    }
    try outcome.get()
  }

  private func changedMeanwhile(_ name: String) -> ProjectionRefusal {
    ProjectionRefusal(
      projection: name, file: "", line: 1,
      message: "the projection was changed meanwhile; what was put in its place stays")
  }

  private func refusal(of name: String, _ failure: BuildFailure) -> ProjectionRefusal {
    switch failure {
    case .refused(let refusal): refusal
    case .postgres(let error):
      ProjectionRefusal(projection: name, file: "", line: 1, message: error.description)
    }
  }

  /// Makes a build of a folder beside the live one, folds it up to the head, and puts it in the place of the
  /// live one.
  private func replace(with read: ProjectionFolder, job: Job?) async throws(ProjectionRefusal) {
    let job = job ?? Job(JobStatus(id: 0, kind: .rebuild, projection: read.name))
    let replaced = catalog.served[read.name]?.folder
    do throws(BuildFailure) {
      let build = try await store.create(read, state: "building")
      do {
        let views = try await catalog.prepare(read, on: build)
        let caughtUp = try await worker.catchUp(build, job)
        try await swapIn(read, caughtUp, views, replacing: replaced)
        job.update {
          $0.processed = tail.head
          $0.total = tail.head
        }
      } catch {
        await store.drop(build.id)
        switch error {
        case let failure as BuildFailure: throw failure
        case JobFailure.failed(let message):
          throw BuildFailure.refused(
            ProjectionRefusal(projection: read.name, file: "apply.sql", line: 1, message: message))
        default:
          throw BuildFailure.refused(
            ProjectionRefusal(projection: read.name, file: "", line: 1, message: "cancelled"))
        }
      }
    } catch {
      throw refusal(of: read.name, error)
    }
  }

  /// Between two live folds: the last events, then the swap, in one step for readers. `replaced` is the folder that was
  /// served when the build was begun: another that has come since is not undone.
  private func swapIn(
    _ folder: ProjectionFolder, _ build: Build, _ views: [PreparedView],
    replacing replaced: ProjectionFolder?
  ) async throws(BuildFailure) {
    try await exclusively { [self] () async throws(BuildFailure) in
      guard catalog.served[folder.name]?.folder == replaced else {
        throw .refused(changedMeanwhile(folder.name))
      }
      let live = catalog.served[folder.name]?.build
      var build = build
      do throws(PostgresError) {
        try await takeOver(&build, from: live)
      } catch {
        throw .postgres(error)
      }
      projector.add(build)
      catalog.serve(folder, build, views.map { $0.moved(to: build) })
      if let live {
        projector.remove(live.id)
        dropLater(live)
      }
    }
  }

  /// Folds what the live build is ahead, and makes this one live. Where another daemon folds that one on in between, again.
  private func takeOver(_ build: inout Build, from live: Build?) async throws(PostgresError) {
    var attempts = 0
    while true {
      var target = tail.head
      if let live, let known = try await store.build(live.id) { target = known.position }
      if build.position < target {
        try await Fold.run([build], after: build.position, upTo: target) {
          [session] queries throws(PostgresError) in
          try await session.run(queries, resend: .forbidden)
        }
        build.position = target
      }
      do throws(PostgresError) {
        try await store.goLive(build.id)
        build.state = "live"
        return
      } catch {
        attempts += 1
        guard error.sqlState == "PL004", attempts < 5 else { throw error }
      }
    }
  }

  /// Readers that were sent to the old build have answered long before.
  private func dropLater(_ build: Build) {
    EventLoop.after(.seconds(2)) { [store] in
      Task { @EventLoop in await store.drop(build.id) }
    }
  }

  // MARK: Jobs

  package enum JobError: Error, Sendable {
    case noSuchProjection(String)
    case noSuchJob(Int)
    case alreadyRunning(Int)
    case unavailable(String)
  }

  package var projections: [String] { catalog.served.keys.sorted() }

  /// Starts to rebuild a projection; gives the job's id.
  package func rebuild(_ name: String) async throws(JobError) -> Int {
    guard catalog.served[name] != nil else { throw .noSuchProjection(name) }
    return try await jobs.start(.rebuild, name) { [self] job throws(JobFailure) in
      guard let served = catalog.served[name] else { throw .failed("the projection was removed") }
      do throws(ProjectionRefusal) {
        try await replace(with: served.folder, job: job)
      } catch {
        if job.isCancelled { throw JobFailure.cancelled }
        throw JobFailure.failed(error.description)
      }
    }
  }

  /// Starts to compare a projection with a fresh fold of the log; gives the job's id.
  package func verify(_ name: String) async throws(JobError) -> Int {
    guard catalog.served[name] != nil else { throw .noSuchProjection(name) }
    return try await jobs.start(.verify, name) { [self] job throws(JobFailure) in
      guard let served = catalog.served[name] else { throw .failed("the projection was removed") }
      let scratch: Build
      do throws(BuildFailure) {
        scratch = try await store.create(served.folder, state: "scratch")
      } catch {
        throw .failed(refusal(of: served.folder.name, error).description)
      }
      let outcome: Result<JSON, JobFailure>
      do throws(JobFailure) {
        outcome = .success(try await worker.compare(served.build, with: scratch, job))
      } catch {
        outcome = .failure(error)
      }
      await store.drop(scratch.id)
      let report = try outcome.get()
      job.update {
        $0.report = report
        if report["equal"]?.bool == false { $0.message = "the live view differs from a fresh fold" }
      }
    }
  }

  package func jobs(limit: Int) async throws(JobError) -> [JobStatus] {
    try await jobs.newest(limit)
  }
  package func job(_ id: Int) async throws(JobError) -> JobStatus { try await jobs.status(id) }
  package func cancel(_ id: Int) async throws(JobError) -> JobStatus { try await jobs.cancel(id) }

  /// Waits until a job has changed, at most so long.
  package func waitForJob(_ id: Int, _ duration: Duration) async { await jobs.wait(id, duration) }
}
