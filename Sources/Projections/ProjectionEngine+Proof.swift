internal import EventLog
internal import EventLoop
internal import JSON
internal import Postgres
package import Scalars

/// Whether views are right, and what to do where they are not.
extension ProjectionEngine {
  // MARK: Verifying

  /// Starts to compare a projection, or one planner's rows of it, with a fresh fold of the log, and to mend the rows that
  /// differ if that is asked for; gives the job's id.
  package func verify(_ name: String, scope: UUID? = nil, repair: Bool = false)
    async throws(JobError) -> Int
  {
    guard let served = catalog.served[name] else { throw .noSuchProjection(name) }
    var options: JSONObject = ["source": served.folder.source, "repair": .bool(repair)]
    if let scope, served.build.category != nil { options["scope"] = .string(scope.description) }
    return try await jobs.start(.verify, name, options: .object(options))
  }

  func verify(_ job: Job) async throws(JobFailure) {
    let options = job.status.options
    guard let live = catalog.served[job.status.projection]?.build, let folder = live.folder else {
      throw .failed("the projection was removed")
    }
    if !job.isInBackground { await awaitLog(live) }
    let scope = options["scope"]?.string.flatMap { UUID($0) }
    // What an interruption has left of one stream's fold has no checkpoint to go on from.
    if scope != nil { try await worker.dropBuild(of: job) }
    let fresh = try await begin(folder, job, state: "scratch")
    do throws(JobFailure) {
      var caughtUp = fresh
      if scope == nil {
        caughtUp = try await worker.catchUp(fresh, job) { [store] () async throws(JobFailure) in
          try await position(of: live, store)
        }
      }
      let comparison = try await worker.compare(
        live, with: caughtUp, job, scope: scope, mending: options["repair"]?.bool ?? false)
      // By the folder's own fold, since that of the live build may be what is wrong; which of a long past is found
      // sooner, though, by the snapshots of the live one.
      let tracer = DifferenceTracer(moments: moments)
      let traced = await tracer.explain(comparison, live, fresh)
      let explained = await tracer.explain(traced, live, live)
      try await conclude(explained, live, job)
    } catch {
      if !error.leavesBuild { await store.drop(fresh.id) }
      throw error
    }
    await store.drop(fresh.id)
  }

  /// Returns when a live build has folded what was in the log when this was called, so that who has written and then
  /// verifies has that proved as well; or when that takes long.
  private func awaitLog(_ live: Build) async {
    guard live.failure == nil, live.parking(of: nil) == nil,
      let head = try? await LogReader(session).head()
    else { return }
    _ = await catalog.wait(
      forProjection: live.projection, position: head, patience: ViewReader.patience)
  }

  private func position(of build: Build, _ store: BuildStore) async throws(JobFailure) -> Int {
    do throws(PostgresError) {
      guard let known = try await store.build(build.id) else {
        throw PostgresError(sqlState: "PL004", message: "the live build was replaced")
      }
      return known.position
    } catch {
      throw JobFailure(error)
    }
  }

  private func conclude(_ comparison: Comparison, _ live: Build, _ job: Job)
    async throws(JobFailure)
  {
    job.update {
      $0.report = comparison.json
      guard let problem = comparison.problem else { return }
      let what = comparison.isMended ? "mended" : "the live view differs from a fresh fold"
      $0.message = "\(what): \(problem)"
    }
    if comparison.isMended { catalog.mended(live.projection) }
    guard job.status.options["scope"] == nil else { return }
    do throws(PostgresError) {
      try await store.setProof(
        live.id, position: comparison.position,
        problem: comparison.isMended ? nil : comparison.problem)
    } catch {
      throw JobFailure(error)
    }
    await refresh()
  }

  /// Compares the view that was proved longest ago, where that is long enough ago and this daemon folds it.
  func proveNext(_ interval: Duration) async {
    let due = ((try? await store.all()) ?? []).filter { build in
      build.state == "live" && leases.lease(ofProjection: build.projection) != nil
        && build.proof?.age ?? .max >= Int(interval.components.seconds)
    }
    guard
      let next = due.max(by: { $0.proof?.age ?? .max < $1.proof?.age ?? .max }),
      let folder = next.folder,
      let id = try? await jobs.start(
        .verify, next.projection, options: ["source": folder.source, "background": true])
    else { return }
    let ended = try? await jobs.finish(id)
    if let message = ended?.message { log("\(next.projection): \(message)") }
  }

  // MARK: Estimating

  /// How long a rebuild would take.
  package struct Estimate: Sendable {
    package let events: Int
    package let eventsPerSecond: Double
    package var seconds: Double { Double(events) / max(eventsPerSecond, 1) }
  }

  /// Measures at what rate a projection's newest events fold, without keeping anything.
  package func estimate(_ name: String) async throws(JobError) -> Estimate {
    guard let served = catalog.served[name] else { throw .noSuchProjection(name) }
    let head = tail.head
    do throws(JobFailure) {
      let rate = try await worker.measure(served.folder, upTo: head)
      return Estimate(events: head, eventsPerSecond: rate)
    } catch {
      throw .unavailable("\(error)")
    }
  }

  // MARK: Parked planners

  /// A scope that a projection is parked for.
  package struct Failure: Sendable {
    package let projection: String
    package let parked: Build.Parked
  }

  /// What live builds could not fold, of a projection or of all.
  package func failures(_ name: String?) async throws(JobError) -> [Failure] {
    try await builds(name).filter { $0.state == "live" }.flatMap { build in
      build.parked.map { Failure(projection: build.projection, parked: $0) }
    }
  }

  /// Folds what a projection has missed of a planner, or of all that it is parked for, and nothing else; gives those that
  /// it is parked for still.
  package func retry(_ name: String, scope: UUID?) async throws(JobError) -> [Failure] {
    guard catalog.served[name] != nil else { throw .noSuchProjection(name) }
    do {
      let lease = try await leases.take(projection: name)
      let builds = try await builds(name).filter { $0.isFolded }
      try await exclusively { [self] () async throws(BuildFailure) in
        for build in builds {
          for parked in build.parked where scope == nil || parked.scope == scope {
            await retry(parked, (build, lease))
          }
        }
      }
    } catch let error as JobError {
      throw error
    } catch {
      throw .unavailable("\(error)")
    }
    await refresh()
    projector.wake()
    return try await failures(name)
  }

  private func retry(_ parked: Build.Parked, _ target: Fold.Target) async {
    do throws(PostgresError) {
      guard let scope = parked.scope else { return try await store.unpark(target.build.id) }
      _ = try await session.run(Fold.unpark(target, scope: scope), resend: .forbidden)
    } catch {
      guard let scope = parked.scope, error.isOfTheEvent else {
        return log("\(target.build.projection): \(error)")
      }
      let message = target.build.folder.map { ErrorLocation(error, in: $0).refusal.description }
      try? await store.setParked(target.build.id, scope, message ?? "\(error)")
    }
  }
}
