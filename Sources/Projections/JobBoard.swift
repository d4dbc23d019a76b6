internal import EventLoop
internal import JSON
internal import Postgres

/// The jobs: a row for each, so that they outlive their callers.
@EventLoop
final class JobBoard {
  private let session: Session
  private let locks: WorkLocks
  private var running: [Int: Job] = [:]

  init(session: Session, locks: WorkLocks) {
    self.session = session
    self.locks = locks
  }

  /// Jobs of a daemon that has ended are not at work any more: the lock that `start` took is free.
  func failInterrupted() async throws(PostgresError) {
    _ = try await session.run(
      Query(
        Statement(
          """
          UPDATE projection.jobs SET state = 'failed', ended_at = now(), message = 'the daemon was stopped'
           WHERE state = 'running' AND pg_try_advisory_xact_lock(1886151015, job_id::integer)
          """)), resend: .allowed)
  }

  /// Writes the job's row and starts its work.
  func start(
    _ kind: JobStatus.Kind, _ projection: String,
    _ work: @escaping @EventLoop (Job) async throws(JobFailure) -> Void
  ) async throws(ProjectionEngine.JobError) -> Int {
    let job = Job(try await insert(kind, projection))
    running[job.status.id] = job
    locks.took(.job, job.status.id)
    Task { @EventLoop in await run(job, work) }
    return job.status.id
  }

  private func insert(_ kind: JobStatus.Kind, _ projection: String)
    async throws(ProjectionEngine.JobError) -> JobStatus
  {
    while true {
      do throws(PostgresError) {
        let rows = try await session.run(
          JobBoard.insertStatement(.text(kind.rawValue), .text(projection)), resend: .forbidden)
        return JobStatus(rows, row: 0)
      } catch {
        guard error.sqlState == "23505" else { throw .unavailable(error.description) }
      }
      // The one that is in the way may have ended meanwhile, or with its daemon.
      if let id = try await runningJob(kind, projection), try await !failIfAbandoned(id) {
        throw .alreadyRunning(id)
      }
    }
  }

  /// Ends a job's row that no daemon is at any more, since that has ended or the answer to the insertion was lost.
  private func failIfAbandoned(_ id: Int) async throws(ProjectionEngine.JobError) -> Bool {
    // The lock of its own session would not stop it.
    if running[id] != nil { return false }
    do throws(PostgresError) {
      return try await !session.run(
        JobBoard.failStatement(.int(id)), resend: .allowed
      ).isEmpty
    } catch {
      throw .unavailable(error.description)
    }
  }

  private static let failStatement = Statement(
    """
    UPDATE projection.jobs
       SET state = 'failed', ended_at = now(), message = 'the daemon that was at it has ended'
     WHERE job_id = $1 AND state = 'running'
       AND pg_try_advisory_xact_lock(1886151015, job_id::integer)
    RETURNING job_id
    """)

  private func runningJob(_ kind: JobStatus.Kind, _ projection: String)
    async throws(ProjectionEngine.JobError) -> Int?
  {
    do throws(PostgresError) {
      let statement = Statement(
        "SELECT job_id FROM projection.jobs WHERE kind = $1 AND projection = $2 AND state = 'running'"
      )
      let rows = try await session.run(
        statement(.text(kind.rawValue), .text(projection)), resend: .allowed)
      return rows.isEmpty ? nil : rows.int(0, 0)
    } catch {
      throw .unavailable(error.description)
    }
  }

  private static let insertStatement = Statement(
    """
    WITH job AS (INSERT INTO projection.jobs (kind, projection) VALUES ($1, $2) RETURNING *)
    SELECT \(JobStatus.columns) FROM job, pg_advisory_lock(1886151015, job_id::integer)
    """)

  private func run(_ job: Job, _ work: @EventLoop (Job) async throws(JobFailure) -> Void) async {
    let saving = Task { @EventLoop in
      while await EventLoop.sleep(.seconds(1)) { try? await save(job.status) }
    }
    do throws(JobFailure) {
      try await work(job)
      job.update { $0.state = .done }
    } catch {
      job.update {
        switch error {
        case .cancelled: $0.state = .cancelled
        case .failed(let message):
          $0.state = .failed
          $0.message = message
        }
      }
    }
    saving.cancel()
    // The row must say that the job is over, however long the database is away.
    var backoff = Backoff()
    while (try? await save(job.status)) == nil { await EventLoop.sleep(backoff.next()) }
    await locks.release(.job, job.status.id)
    running[job.status.id] = nil
  }

  private func save(_ status: JobStatus) async throws(PostgresError) {
    _ = try await session.run(
      JobBoard.saveStatement(
        .int(status.id), .text(status.state.rawValue), .int(status.processed), .int(status.total),
        .text(status.message), .text(status.report?.text)), resend: .allowed)
  }

  private static let saveStatement = Statement(
    """
    UPDATE projection.jobs
       SET state = $2, processed = $3, total = $4, message = $5, report = $6::jsonb,
           ended_at = CASE WHEN $2 = 'running' THEN NULL ELSE coalesce(ended_at, now()) END
     WHERE job_id = $1
    """)

  func newest(_ limit: Int) async throws(ProjectionEngine.JobError) -> [JobStatus] {
    do throws(PostgresError) {
      let rows = try await session.run(JobBoard.newestStatement(.int(limit)), resend: .allowed)
      return (0..<rows.count).map { row in
        let status = JobStatus(rows, row: row)
        return running[status.id]?.status ?? status
      }
    } catch {
      throw .unavailable(error.description)
    }
  }

  private static let newestStatement = Statement(
    "SELECT \(JobStatus.columns) FROM projection.jobs ORDER BY job_id DESC LIMIT $1")

  func status(_ id: Int) async throws(ProjectionEngine.JobError) -> JobStatus {
    if let job = running[id] { return job.status }
    let rows: Rows
    do throws(PostgresError) {
      rows = try await session.run(JobBoard.oneStatement(.int(id)), resend: .allowed)
    } catch {
      throw .unavailable(error.description)
    }
    guard !rows.isEmpty else { throw .noSuchJob(id) }
    return JobStatus(rows, row: 0)
  }

  private static let oneStatement = Statement(
    "SELECT \(JobStatus.columns) FROM projection.jobs WHERE job_id = $1")

  /// Asks a job to end at its next chunk, and waits for that; ends one that no daemon is at.
  func cancel(_ id: Int) async throws(ProjectionEngine.JobError) -> JobStatus {
    if let job = running[id] {
      job.cancel()
    } else {
      _ = try await failIfAbandoned(id)
    }
    while running[id] != nil { await EventLoop.sleep(.milliseconds(20)) }
    return try await status(id)
  }

  func wait(_ id: Int, _ duration: Duration) async {
    await running[id]?.wait(duration)
  }
}
