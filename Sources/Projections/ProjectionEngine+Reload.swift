internal import EventLoop
internal import Files
internal import JSON
internal import Postgres

extension ProjectionEngine {
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

  func reload(removing: Bool) async -> ReloadReport {
    while isReloading { await EventLoop.sleep(.milliseconds(20)) }
    isReloading = true
    defer { isReloading = false }
    var report = ReloadReport()
    // What another daemon has removed is built again if its folder is here.
    await refresh()
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
        try await take(try ProjectionFolder(name: name, at: "\(folder)/\(name)"), &report)
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
      try await build(read)
      return report.added.append(read.name)
    }
    if served.folder == read { return report.unchanged.append(read.name) }
    if served.build.generation == read.generation {
      try await changeQueries(read, served.build)
    } else if isAside(read, served.build) {
      return report.unchanged.append(read.name)
    } else {
      try await build(read)
    }
    report.changed.append(read.name)
  }

  /// Whether an operator has said that what is live stays: it was rolled back to, or the folder's build is held.
  private func isAside(_ read: ProjectionFolder, _ live: Build) -> Bool {
    projector.builds.values.contains {
      $0.projection == read.name && $0.generation == read.generation
        && ($0.state == "held" || $0.state == "previous" && $0.id > live.id)
    }
  }

  /// Builds a folder and puts it in the place of what is live, by a job; where one is at it, here or at another daemon,
  /// after that.
  private func build(_ read: ProjectionFolder) async throws(ProjectionRefusal) {
    do throws(JobError) {
      while catalog.served[read.name]?.build.generation != read.generation {
        let id: Int
        do throws(JobError) {
          id = try await jobs.start(.rebuild, read.name, options: ["source": read.source])
        } catch {
          guard case .alreadyRunning(let other) = error else { throw error }
          _ = try await jobs.finish(other)
          await refresh()
          continue
        }
        let ended = try await jobs.finish(id)
        await refresh()
        guard ended.state == .done else {
          throw .refused(
            ended.refusal
              ?? ProjectionRefusal(
                projection: read.name, file: "", line: 1,
                message: ended.message ?? ended.state.rawValue))
        }
      }
    } catch {
      if case .refused(let refusal) = error { throw refusal }
      throw ProjectionRefusal(projection: read.name, file: "", line: 1, message: "\(error)")
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
        leaving.insert(name)
        defer { leaving.remove(name) }
        do throws(PostgresError) {
          for build in try await store.all() where build.projection == name && build.isFolded {
            try await store.remove(build.id)
            projector.remove(build.id)
          }
        } catch {
          throw .postgres(error)
        }
        catalog.withdraw(name)
      }
    } catch {
      throw refusal(of: name, error)
    }
  }

  /// Runs something while nothing is being folded.
  func exclusively(_ work: @escaping @EventLoop () async throws(BuildFailure) -> Void)
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

  func changedMeanwhile(_ name: String) -> ProjectionRefusal {
    ProjectionRefusal(
      projection: name, file: "", line: 1,
      message: "the projection was changed meanwhile; what was put in its place stays")
  }

  func refusal(of name: String, _ failure: BuildFailure) -> ProjectionRefusal {
    switch failure {
    case .refused(let refusal): refusal
    case .postgres(let error):
      ProjectionRefusal(projection: name, file: "", line: 1, message: error.description)
    }
  }
}
