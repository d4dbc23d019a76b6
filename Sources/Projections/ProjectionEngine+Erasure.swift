internal import EventLoop
internal import Postgres

/// What is erased from the log leaves the views too.
extension ProjectionEngine {
  private static let erasureInterval = Duration.seconds(5)

  /// Folds erased streams anew, one daemon for all; again later where that fails.
  func refoldErased() async {
    guard !isRefolding, !isStopped, let first = projections.first,
      leases.lease(ofProjection: first) != nil
    else { return }
    isRefolding = true
    defer { isRefolding = false }
    do throws(JobError) {
      // There may be more by the time that one is done with.
      while !isStopped, let erasure = try await nextErasure() {
        try await refold(erasure)
        try await settle(erasure)
      }
    } catch {
      log("erased events are still in views: \(error)")
      EventLoop.after(ProjectionEngine.erasureInterval) { [weak self] in
        Task { @EventLoop in await self?.refoldErased() }
      }
    }
  }

  private func nextErasure() async throws(JobError) -> BuildStore.Erasure? {
    do throws(PostgresError) {
      return try await store.erasures().first
    } catch {
      throw .unavailable(error.description)
    }
  }

  /// Nothing where the stream was erased again meanwhile.
  private func settle(_ erasure: BuildStore.Erasure) async throws(JobError) {
    do throws(PostgresError) {
      try await store.settle(erasure)
    } catch {
      throw .unavailable(error.description)
    }
  }

  /// Builds beside the live ones hold what was erased as well, and go.
  private func refold(_ erasure: BuildStore.Erasure) async throws(JobError) {
    _ = try await prune(nil)
    for build in catalog.served.values.map(\.build) {
      let name = build.projection
      if build.category == nil {
        try await finish { [self] () async throws(JobError) in try await rebuild(name) }
      } else if build.category == erasure.category {
        try await finish { [self] () async throws(JobError) in
          try await verify(name, scope: erasure.stream, repair: true)
        }
      }
    }
  }

  /// Starts a job, after one that is under way, and waits for its end.
  private func finish(_ start: @EventLoop () async throws(JobError) -> Int)
    async throws(JobError)
  {
    while true {
      do throws(JobError) {
        let ended = try await jobs.finish(try await start())
        guard ended.state == .done else {
          throw .unavailable(ended.message ?? "a job was cancelled")
        }
        return
      } catch {
        guard case .alreadyRunning(let other) = error else { throw error }
        _ = try await jobs.finish(other)
      }
    }
  }
}
