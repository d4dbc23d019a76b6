internal import EventLog
internal import EventLoop
internal import JSON
internal import Postgres

/// Builds beside the live one, and which of them answers.
extension ProjectionEngine {
  /// Makes a build of a folder beside the live one, folds it up to the head, and puts it in the place of the live one.
  func rebuild(_ job: Job) async throws(JobFailure) {
    let folder = try folder(of: job)
    let replaced = catalog.served[folder.name]?.folder
    try await building(folder, job) { [self] build, views async throws(JobFailure) in
      var build = build
      while true {
        if let refusal = try await unservable(build) { throw .refused(refusal) }
        do throws(BuildFailure) {
          return try await swapIn(folder, build, views, replacing: replaced, job.lease)
        } catch {
          // One of the last events is a bad one.
          guard case .postgres(let error) = error, error.isOfTheEvent else {
            throw JobFailure(error)
          }
          build = try await catchUp(build, job)
        }
      }
    }
  }

  /// The folder that a job is about, as it was when the job began.
  func folder(of job: Job) throws(JobFailure) -> ProjectionFolder {
    guard let source = job.status.options["source"] else {
      throw .failed("the job does not say what to build")
    }
    do throws(ProjectionRefusal) {
      return try ProjectionFolder(name: job.status.projection, source: source)
    } catch {
      throw .refused(error)
    }
  }

  /// Folds a build of a folder to near the head, from where the job was left if it was interrupted, and does something
  /// with it; deletes it where that fails.
  func building(
    _ folder: ProjectionFolder, _ job: Job,
    _ then: @EventLoop (Build, [PreparedView]) async throws(JobFailure) -> Void
  ) async throws(JobFailure) {
    let build = try await begin(folder, job, state: "building")
    do throws(JobFailure) {
      // What is wrong with the queries is said before the log is folded.
      let views = try await prepared(folder, on: build)
      let caughtUp = try await catchUp(build, job)
      try await worker.finish(caughtUp)
      try await then(caughtUp, views)
      job.update {
        $0.processed = tail.head
        $0.total = tail.head
      }
    } catch {
      if !error.leavesBuild { await store.drop(build.id) }
      throw error
    }
  }

  private func catchUp(_ build: Build, _ job: Job) async throws(JobFailure) -> Build {
    try await worker.catchUp(build, job) { [tail] () throws(JobFailure) in tail.head }
  }

  /// The tables that a job folds into: those that it had when it was interrupted, or new ones.
  func begin(_ folder: ProjectionFolder, _ job: Job, state: String) async throws(JobFailure)
    -> Build
  {
    do throws(PostgresError) {
      if let build = try await store.build(ofJob: job.status.id), build.state == state,
        build.generation == folder.generation
      {
        return build
      }
    } catch {
      throw JobFailure(error)
    }
    do throws(BuildFailure) {
      return try await store.create(folder, state: state, job: job.status.id)
    } catch {
      throw JobFailure(error)
    }
  }

  private func prepared(_ folder: ProjectionFolder, on build: Build) async throws(JobFailure)
    -> [PreparedView]
  {
    do throws(BuildFailure) {
      return try await catalog.prepare(folder, on: build)
    } catch {
      throw JobFailure(error)
    }
  }

  /// Why a build that has scopes parked should not answer: what is live folds them, or there is no other scope.
  private func unservable(_ build: Build) async throws(JobFailure) -> ProjectionRefusal? {
    guard let first = build.parked.first else { return nil }
    if let live = catalog.served[build.projection]?.build {
      let known = Set(live.parked.map(\.scope))
      guard let new = build.parked.first(where: { !known.contains($0.scope) }) else { return nil }
      return refusal(new, of: build)
    }
    return try await worker.hasOtherScopes(build) ? nil : refusal(first, of: build)
  }

  private func refusal(_ parked: Build.Parked, of build: Build) -> ProjectionRefusal {
    ProjectionRefusal(
      projection: build.projection, file: "apply.sql", line: parked.line,
      message: "\(parked.message) (event \(parked.position), \(parked.eventType))")
  }

  // MARK: Which one answers

  /// Between two live folds: the last events, then the swap, in one step for readers. `replaced` is the folder that was
  /// served when the build was begun: another that has come since is not undone.
  private func swapIn(
    _ folder: ProjectionFolder, _ build: Build, _ views: [PreparedView],
    replacing replaced: ProjectionFolder?, _ lease: Lease
  ) async throws(BuildFailure) {
    try await exclusively { [self] () async throws(BuildFailure) in
      guard catalog.served[folder.name]?.folder == replaced else {
        throw .refused(changedMeanwhile(folder.name))
      }
      let live = catalog.served[folder.name]?.build
      var build = build
      do throws(PostgresError) {
        try await takeOver(&build, from: live, lease)
      } catch {
        throw .postgres(error)
      }
      projector.add(build)
      catalog.serve(folder, build, views.map { $0.moved(to: build) })
      if let live, live.generation == build.generation { projector.remove(live.id) }
      dropRetired()
    }
    // Somebody must fold a projection that is new.
    try? await leases.beat()
    await refresh()
  }

  /// Folds what the live build is ahead, and makes this one live. Where another daemon folds that one on in between, again.
  private func takeOver(_ build: inout Build, from live: Build?, _ lease: Lease)
    async throws(PostgresError)
  {
    var attempts = 0
    while true {
      var target = tail.head
      if let live, let known = try await store.build(live.id) { target = known.position }
      if let known = try await store.build(build.id) { build = known }
      do throws(PostgresError) {
        if build.position < target {
          try await Fold.run((build, lease), after: build.position, upTo: target) {
            [session] queries throws(PostgresError) in
            try await session.run(queries, resend: .forbidden)
          }
          build.position = target
        }
        try await store.goLive(build.id)
        build.state = "live"
        return
      } catch {
        attempts += 1
        guard error.sqlState == "PL004", attempts < 5 else { throw error }
      }
    }
  }

  /// Readers that were sent to an old build have answered long before.
  private func dropRetired() {
    EventLoop.after(.seconds(2)) { [store] in
      Task { @EventLoop in try? await store.dropAbandoned() }
    }
  }

  /// Puts the build that was held for it in the place of the live one.
  package func swap(_ name: String) async throws(JobError) { try await change(name, to: "held") }

  /// Puts the generation that answered before back in its place, at once: it has been folded all the time.
  package func rollback(_ name: String) async throws(JobError) {
    try await change(name, to: "previous")
  }

  private func change(_ name: String, to state: String) async throws(JobError) {
    guard let served = catalog.served[name] else { throw .noSuchProjection(name) }
    do {
      let known = try await store.all()
      guard let build = known.first(where: { $0.projection == name && $0.state == state }),
        let folder = build.folder
      else { throw JobError.noSuchBuild(projection: name, state: state) }
      let views = try await catalog.prepare(folder, on: build)
      let lease = try await leases.take(projection: name)
      try await swapIn(folder, build, views, replacing: served.folder, lease)
    } catch let error as JobError {
      throw error
    } catch let error as BuildFailure {
      throw .refused(refusal(of: name, error))
    } catch {
      throw .unavailable("\(error)")
    }
  }

  /// Deletes the builds of a projection, or of all, that are kept beside the live one; gives their ids.
  package func prune(_ name: String?) async throws(JobError) -> [Int] {
    if let name, catalog.served[name] == nil { throw .noSuchProjection(name) }
    var pruned: [Int] = []
    do throws(PostgresError) {
      for build in try await store.all()
      where name ?? build.projection == build.projection
        && ["held", "previous"].contains(build.state)
      {
        projector.remove(build.id)
        try await store.remove(build.id)
        pruned.append(build.id)
      }
    } catch {
      throw .unavailable(error.description)
    }
    return pruned
  }

  /// The builds of a projection, or of all, as the database knows them.
  package func builds(_ name: String?) async throws(JobError) -> [Build] {
    if let name, catalog.served[name] == nil { throw .noSuchProjection(name) }
    do throws(PostgresError) {
      return try await store.all().filter { name ?? $0.projection == $0.projection }
    } catch {
      throw .unavailable(error.description)
    }
  }

  // MARK: Before the swap

  /// Starts to build the folder as it is on the disk and to tell what would change; gives the job's id. With `hold` the
  /// build then waits for `swap`.
  package func diff(_ name: String, hold: Bool) async throws(JobError) -> Int {
    guard catalog.served[name] != nil else { throw .noSuchProjection(name) }
    let read: ProjectionFolder
    do throws(ProjectionRefusal) {
      read = try ProjectionFolder(name: name, at: "\(folder)/\(name)")
    } catch {
      throw .refused(error)
    }
    return try await jobs.start(
      .diff, name, options: ["source": read.source, "hold": .bool(hold)])
  }

  /// Compares what a folder would give with what is live.
  func diff(_ job: Job) async throws(JobFailure) {
    let folder = try folder(of: job)
    guard let live = catalog.served[folder.name]?.build else {
      throw .failed("the projection was removed")
    }
    let holds = job.status.options["hold"]?.bool ?? false
    if let held = projector.builds.values.first(where: {
      $0.state == "held" && $0.projection == folder.name && $0.generation == folder.generation
    }) {
      return try await report(live, held, job)
    }
    try await building(folder, job) { [self] build, _ async throws(JobFailure) in
      try await report(live, build, job)
      guard holds else { return await store.drop(build.id) }
      do throws(PostgresError) {
        try await store.hold(build.id)
      } catch {
        throw JobFailure(error)
      }
      await refresh()
    }
  }

  private func report(_ live: Build, _ next: Build, _ job: Job) async throws(JobFailure) {
    let comparison = try await worker.compare(live, with: next, job)
    let explained = await DifferenceTracer(moments: moments).explain(comparison, live, next)
    job.update { $0.report = explained.json }
  }
}
