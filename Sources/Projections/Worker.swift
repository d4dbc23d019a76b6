internal import EventLog
internal import EventLoop
internal import JSON
internal import Postgres
internal import Scalars

/// Why a job ended early.
enum JobFailure: Error {
  case cancelled
  case failed(String)
  /// A folder cannot be built or served.
  case refused(ProjectionRefusal)
  /// Another daemon is at it by now.
  case lost
  /// The database was away: it can be gone on with.
  case interrupted(String)

  init(_ failure: BuildFailure) {
    switch failure {
    case .refused(let refusal): self = .refused(refusal)
    case .postgres(let error): self.init(error)
    }
  }

  init(_ error: PostgresError) {
    if error.sqlState == "PL007" {
      self = .lost
    } else if error.isUnavailable || error.isRetryable {
      self = .interrupted(error.description)
    } else {
      self = .failed(error.description)
    }
  }

  /// What the job has made so far is of use to whoever goes on with it.
  var leavesBuild: Bool {
    switch self {
    case .lost, .interrupted: true
    default: false
    }
  }
}

/// The long work of jobs, on connections of its own, so that live folding goes on beside it.
@EventLoop
struct Worker {
  let info: ConnectionInfo
  let tail: LogTail
  let store: BuildStore

  /// Events in one transaction: large enough for the speed of set-based SQL, small enough to cancel.
  private static let largestChunk = 100_000
  /// How far behind the head a build may be for its last events to be folded between two live folds.
  private static let near = 2_000
  /// Where a new folder fails for so many planners it is the folder's fault.
  private static let mostParked = 1_000

  /// Folds a build from its checkpoint to a target and then to near it, for it may move, chunk by chunk; a lost
  /// connection is made again. Scopes at whose events apply() fails are parked.
  func catchUp(
    _ build: Build, _ job: Job, to target: () async throws(JobFailure) -> Int
  ) async throws(JobFailure) -> Build {
    var build = build
    var connection: Connection?
    defer { connection?.close() }
    var backoff = Backoff()
    var chunk = Worker.largestChunk
    let first = try await target()
    while true {
      let goal = try await target()
      job.update {
        $0.processed = build.position
        $0.total = goal
      }
      guard build.position < first || goal - build.position > Worker.near else { return build }
      if job.isCancelled { throw .cancelled }
      let upTo = min(goal, build.position + chunk)
      let began = ContinuousClock().now
      do throws(PostgresError) {
        if connection?.isOpen != true { connection = try await Connection.open(info) }
        _ = try await connection!.run(
          Fold.queries((build, job.lease), after: build.position, upTo: upTo))
        build.position = upTo
        chunk = min(Worker.largestChunk, max(1, 2 * chunk))
      } catch {
        if error.sqlState == "PL007" { throw .lost }
        if error.isTooMuch || error.isOfTheEvent, upTo - build.position > 1 {
          chunk = (upTo - build.position) / 2
          continue
        }
        if error.isOfTheEvent {
          build = try await park(build, at: upTo, error)
          continue
        }
        guard error.isUnavailable || ["PL004", "PL006"].contains(error.sqlState) else {
          throw .failed(Worker.message(error, build))
        }
        await EventLoop.sleep(backoff.next())
        build = try await asItIs(build)
      }
      if job.isInBackground { await Worker.rest(since: began) }
    }
  }

  /// Leaves the machine to others for four fifths of the time.
  private static func rest(since began: ContinuousClock.Instant) async {
    await EventLoop.sleep((ContinuousClock().now - began) * 4)
  }

  private static func message(_ error: PostgresError, _ build: Build) -> String {
    build.folder.map { ErrorLocation(error, in: $0).refusal.description } ?? "\(error)"
  }

  private func park(_ build: Build, at position: Int, _ error: PostgresError)
    async throws(JobFailure) -> Build
  {
    let message = Worker.message(error, build)
    guard build.parked.count < Worker.mostParked else { throw .failed(message) }
    do throws(PostgresError) {
      try await store.park(build.id, at: position, message)
    } catch {
      throw JobFailure(error)
    }
    let parked = try await asItIs(build)
    if parked.parking(of: nil) != nil { throw .failed("\(message) (event \(position))") }
    return parked
  }

  /// The build as the database knows it, which may be another than this side of a lost connection believed.
  private func asItIs(_ build: Build) async throws(JobFailure) -> Build {
    let known: Build?
    do throws(PostgresError) {
      known = try await store.build(build.id)
    } catch {
      // Asked again after the next attempt.
      return build
    }
    guard let known else { throw .failed("build \(build.id) is gone: another daemon deleted it") }
    return known
  }

  /// Makes what was left for the end, which may take long.
  func finish(_ build: Build) async throws(JobFailure) {
    _ = try await run(Statement("SELECT projection.finish_build($1)")(.int(build.id)))
  }

  /// Deletes the tables that a job had when it was interrupted, if it had any.
  func dropBuild(of job: Job) async throws(JobFailure) {
    let statement = Statement(
      "SELECT projection.drop_build(build_id) FROM projection.jobs WHERE job_id = $1")
    _ = try await run(statement(.int(job.status.id)))
  }

  /// Whether there are streams of its category that are not parked.
  func hasOtherScopes(_ build: Build) async throws(JobFailure) -> Bool {
    let rows = try await run(
      Statement(
        """
        SELECT EXISTS (SELECT FROM log.events e
                        WHERE e.category = $1 AND e.version = 1
                          AND NOT EXISTS (SELECT FROM projection.parked p
                                           WHERE p.build_id = $2 AND p.scope = e.stream_id))
        """)(.text(build.category), .int(build.id)))
    return rows.bool(0, 0)
  }

  private func run(_ query: Query) async throws(JobFailure) -> Rows {
    do throws(PostgresError) {
      let connection = try await Connection.open(info)
      defer { connection.close() }
      return try await connection.run([query])[0]
    } catch {
      throw JobFailure(error)
    }
  }

  /// Events in a second at which a folder folds the newest of the log, tried in a transaction that is taken back.
  func measure(_ folder: ProjectionFolder, upTo head: Int) async throws(JobFailure) -> Double {
    do throws(PostgresError) {
      let connection = try await Connection.open(info)
      defer { connection.close() }
      let rows = try await connection.run([
        Query(Statement("BEGIN")), BuildStore.creation(of: folder, state: "scratch", job: nil),
      ])[1]
      let build = Build(rows, row: 0)
      let after = max(0, head - Worker.sample)
      let began = ContinuousClock().now
      _ = try await connection.run(Fold.trial(build, after: after, upTo: head))
      let seconds = Double((ContinuousClock().now - began).microseconds) / 1_000_000
      _ = try await connection.run([Query(Statement("ROLLBACK"))])
      return Double(head - after) / max(seconds, 0.000_001)
    } catch {
      throw JobFailure(error)
    }
  }

  private static let sample = 20_000

  // MARK: Comparing

  /// Compares two builds at the same position, in one snapshot; with `mending`, while live folding waits, the rows of
  /// the live one that differ become those of the other.
  func compare(
    _ live: Build, with other: Build, _ job: Job, scope: UUID? = nil, mending: Bool = false
  ) async throws(JobFailure) -> Comparison {
    do throws(PostgresError) {
      let connection = try await Connection.open(info)
      defer { connection.close() }
      let position = try await begin(live, other, mending: mending, on: connection)
      if let scope {
        try await foldScope(scope, other, upTo: position, connection)
      } else if !other.isFolded, other.position < position {
        try await Fold.run((other, job.lease), after: other.position, upTo: position) {
          queries throws(PostgresError) in
          try await Worker.runWithin(connection, queries)
        }
      }
      var comparison = try await Comparison(
        live, other, at: position, scope: scope, on: connection)
      if mending, !comparison.isEqual {
        comparison.isMended = true
        _ = try await connection.run([
          Worker.repairStatement(
            .text(live.schemaName), .text(other.schemaName), .text(live.scopeColumn),
            .text(scope?.description))
        ])
      }
      _ = try await connection.run([Query(Statement("COMMIT"))])
      job.update {
        $0.processed = position
        $0.total = position
      }
      return comparison
    } catch {
      throw JobFailure(error)
    }
  }

  /// Begins the transaction in which two builds are compared; gives the position of the live one in it. One that is folded
  /// as events come is waited for: it is at the same position between any two rounds.
  private func begin(_ live: Build, _ other: Build, mending: Bool, on connection: Connection)
    async throws(PostgresError) -> Int
  {
    let position = "SELECT position FROM projection.builds WHERE build_id = $1"
    let statements = [
      Query(Statement(mending ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ")),
      Statement(mending ? "\(position) FOR UPDATE" : position)(.int(live.id)),
      Statement(position)(.int(other.id)),
    ]
    let deadline = ContinuousClock().now + Worker.longestWait
    while true {
      let rows = try await connection.run(statements)
      guard !rows[1].isEmpty, !rows[2].isEmpty, let position = rows[1].int(0, 0) else {
        throw PostgresError(sqlState: "PL004", message: "the live build was replaced")
      }
      if !other.isFolded || rows[2].int(0, 0) == position { return position }
      guard ContinuousClock().now < deadline else {
        throw PostgresError(
          sqlState: nil,
          message: "the \(other.state) build does not come to where the live one is")
      }
      _ = try await connection.run([Query(Statement("ROLLBACK"))])
      await EventLoop.sleep(.milliseconds(10))
    }
  }

  /// For a build that is folded beside the live one to come to its position.
  private static let longestWait = Duration.seconds(10)

  private static let repairStatement = Statement("SELECT projection.repair($1, $2, $3, $4)")

  /// Folds one stream's whole past, chunk by chunk, into a build that has nothing yet.
  private func foldScope(
    _ scope: UUID, _ build: Build, upTo position: Int, _ connection: Connection
  )
    async throws(PostgresError)
  {
    let last =
      try await connection.run([
        Statement("SELECT log.version_at($1, $2, $3)")(
          .text(build.category), .text(scope.description), .int(position))
      ])[0].int(0, 0) ?? 0
    for after in stride(from: 0, to: last, by: Worker.largestChunk) {
      _ = try await connection.run(
        Fold.queries(
          build, scope: scope, afterVersion: after, upTo: min(last, after + Worker.largestChunk)))
    }
  }

  /// Runs statements in the transaction that is open, which survives their failure.
  private static func runWithin(_ connection: Connection, _ queries: [Query])
    async throws(PostgresError) -> [Rows]
  {
    do throws(PostgresError) {
      return try await connection.run([Query(Statement("SAVEPOINT fold"))] + queries)
    } catch {
      _ = try? await connection.run([Query(Statement("ROLLBACK TO SAVEPOINT fold"))])
      throw error
    }
  }
}
