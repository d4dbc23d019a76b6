internal import EventLoop
internal import JSON
internal import Postgres
internal import Scalars

/// The jobs: a row and a lease for each, so that they outlive their callers and their daemons.
@EventLoop
final class JobBoard {
  /// What a job is about: done by whoever has its lease, from where it was left.
  var work: @EventLoop (Job) async throws(JobFailure) -> Void = { _ throws(JobFailure) in }

  private let session: Session
  private let leases: Leases
  private var running: [Int: Job] = [:]
  /// Why jobs of this daemon refused folders, by their ids.
  private var refusals: [Int: ProjectionRefusal] = [:]
  /// Rows on their way: their leases may be known before their answers are.
  private var inserting = 0
  /// Jobs that may be at work at once; the others wait for their turn.
  private var free = 2
  private var waiters: [Signal] = []

  init(session: Session, leases: Leases) {
    self.session = session
    self.leases = leases
  }

  /// Writes the job's row and starts its work; gives its id.
  func start(_ kind: JobStatus.Kind, _ projection: String, options: JSON = [:])
    async throws(ProjectionEngine.JobError) -> Int
  {
    let rows = try await insert(kind, projection, options)
    let status = JobStatus(rows, row: 0)
    run(Job(status, lease: Lease(name: Lease.name(ofJob: status.id), epoch: 1)))
    return status.id
  }

  private func insert(_ kind: JobStatus.Kind, _ projection: String, _ options: JSON)
    async throws(ProjectionEngine.JobError) -> Rows
  {
    inserting += 1
    defer { inserting -= 1 }
    while true {
      do throws(PostgresError) {
        return try await session.run(
          JobBoard.insertStatement(
            .text(kind.rawValue), .text(projection), .text(options.text),
            .text(leases.daemonID.description)), resend: .forbidden)
      } catch {
        guard error.sqlState == "23505" else { throw .unavailable(error.description) }
      }
      // The one that is in the way may have ended meanwhile.
      if let id = try await runningJob(kind, projection) { throw .alreadyRunning(id) }
    }
  }

  private static let insertStatement = Statement(
    """
    WITH job AS (
      INSERT INTO projection.jobs (kind, projection, options) VALUES ($1, $2, $3::jsonb) RETURNING *),
    lease AS (
      INSERT INTO projection.leases (name, owner, epoch) SELECT 'job ' || job_id, $4::uuid, 1 FROM job)
    SELECT \(JobStatus.columns) FROM job
    """)

  private func runningJob(_ kind: JobStatus.Kind, _ projection: String)
    async throws(ProjectionEngine.JobError) -> Int?
  {
    do throws(PostgresError) {
      let rows = try await session.run(
        JobBoard.runningStatement(.text(kind.rawValue), .text(projection)), resend: .allowed)
      return rows.isEmpty ? nil : rows.int(0, 0)
    } catch {
      throw .unavailable(error.description)
    }
  }

  private static let runningStatement = Statement(
    "SELECT job_id FROM projection.jobs WHERE kind = $1 AND projection = $2 AND state = 'running'")

  /// Goes on with jobs whose daemons have ended, and that have become this one's.
  func adopt() async {
    guard inserting == 0 else { return }
    for (id, lease) in leases.jobs where running[id] == nil {
      guard let rows = try? await session.run(JobBoard.oneStatement(.int(id)), resend: .allowed)
      else { return }
      guard running[id] == nil else { continue }
      if rows.isEmpty || JobStatus(rows, row: 0).state != .running {
        await leases.release(lease)
      } else {
        run(Job(JobStatus(rows, row: 0), lease: lease))
      }
    }
  }

  private func run(_ job: Job) {
    running[job.status.id] = job
    Task { @EventLoop in
      if !job.isInBackground { await turn() }
      await seeThrough(job)
      if !job.isInBackground { passOn() }
    }
  }

  private func passOn() {
    free += 1
    if !waiters.isEmpty { waiters.removeFirst().fire() }
  }

  private func turn() async {
    while free == 0 {
      let signal = Signal()
      waiters.append(signal)
      await signal.wait()
    }
    free -= 1
  }

  private func seeThrough(_ job: Job) async {
    let saving = Task { @EventLoop in
      while await EventLoop.sleep(.seconds(1)) { try? await save(job) }
    }
    let isOver = await perform(job)
    saving.cancel()
    if isOver { await end(job) }
    running[job.status.id] = nil
    refusals[job.status.id] = job.status.refusal
  }

  /// Does what the job is about, again where the database was away; false where another daemon is at it by now.
  private func perform(_ job: Job) async -> Bool {
    var backoff = Backoff()
    while true {
      do throws(JobFailure) {
        try await work(job)
        job.update { $0.state = .done }
        return true
      } catch {
        switch error {
        case .lost: return false
        case .interrupted(let message):
          guard !job.isCancelled else { return ended(job, .cancelled, nil) }
          job.update { $0.message = message }
          await EventLoop.sleep(backoff.next())
          job.update { $0.message = nil }
        case .cancelled: return ended(job, .cancelled, nil)
        case .failed(let message): return ended(job, .failed, message)
        case .refused(let refusal):
          job.update { $0.refusal = refusal }
          return ended(job, .failed, refusal.description)
        }
      }
    }
  }

  private func ended(_ job: Job, _ state: JobStatus.State, _ message: String?) -> Bool {
    job.update {
      $0.state = state
      $0.message = message
    }
    return true
  }

  /// The row must say that the job is over, however long the database is away.
  private func end(_ job: Job) async {
    var backoff = Backoff()
    while (try? await save(job)) == nil { await EventLoop.sleep(backoff.next()) }
    await leases.release(job.lease)
  }

  /// Nothing where another daemon is at it by now.
  private func save(_ job: Job) async throws(PostgresError) {
    let status = job.status
    let rows = try await session.run(
      JobBoard.saveStatement(
        .int(status.id), .text(status.state.rawValue), .int(status.processed), .int(status.total),
        .text(status.message), .text(status.report?.text), .text(job.lease.name),
        .int(job.lease.epoch)), resend: .allowed)
    if !rows.isEmpty, rows.bool(0, 0) { job.cancel() }
  }

  private static let saveStatement = Statement(
    """
    UPDATE projection.jobs
       SET state = $2, processed = $3, total = $4, message = $5, report = $6::jsonb,
           ended_at = CASE WHEN $2 = 'running' THEN NULL ELSE coalesce(ended_at, now()) END
     WHERE job_id = $1 AND EXISTS (SELECT FROM projection.leases WHERE name = $7 AND epoch = $8)
    RETURNING options ? 'cancelled'
    """)

  /// Those that are not in the background, the newest first.
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
    """
    SELECT \(JobStatus.columns) FROM projection.jobs
     WHERE NOT options ? 'background' ORDER BY job_id DESC LIMIT $1
    """)

  func status(_ id: Int) async throws(ProjectionEngine.JobError) -> JobStatus {
    if let job = running[id] { return job.status }
    let rows: Rows
    do throws(PostgresError) {
      rows = try await session.run(JobBoard.oneStatement(.int(id)), resend: .allowed)
    } catch {
      throw .unavailable(error.description)
    }
    guard !rows.isEmpty else { throw .noSuchJob(id) }
    var status = JobStatus(rows, row: 0)
    status.refusal = refusals[id]
    return status
  }

  private static let oneStatement = Statement(
    "SELECT \(JobStatus.columns) FROM projection.jobs WHERE job_id = $1")

  /// Asks a job to end at its next chunk, and waits for that, a while where another daemon is at it.
  func cancel(_ id: Int) async throws(ProjectionEngine.JobError) -> JobStatus {
    if let job = running[id] {
      job.cancel()
      return try await finish(id)
    }
    do throws(PostgresError) {
      _ = try await session.run(JobBoard.cancelStatement(.int(id)), resend: .allowed)
    } catch {
      throw .unavailable(error.description)
    }
    let deadline = ContinuousClock().now + .seconds(5)
    while try await status(id).state == .running, ContinuousClock().now < deadline {
      await wait(id, .seconds(1))
    }
    return try await status(id)
  }

  private static let cancelStatement = Statement(
    """
    UPDATE projection.jobs SET options = options || '{"cancelled": true}'
     WHERE job_id = $1 AND state = 'running'
    """)

  /// Ends the rows of jobs that nobody can be at.
  func failUnowned() async throws(PostgresError) {
    _ = try await session.run(
      Query(
        Statement(
          """
          UPDATE projection.jobs SET state = 'failed', ended_at = now(), message = 'it was interrupted'
           WHERE state = 'running'
             AND NOT EXISTS (SELECT FROM projection.leases WHERE name = 'job ' || job_id)
          """)), resend: .allowed)
  }

  func wait(_ id: Int, _ duration: Duration) async {
    if let job = running[id] { return await job.wait(duration) }
    // Another daemon's: its row tells.
    await EventLoop.sleep(min(duration, .milliseconds(250)))
  }

  /// Waits up to a second for one of this daemon's jobs that are not in the background; false where none runs.
  func waitForAny() async -> Bool {
    guard let job = running.values.first(where: { !$0.isInBackground }) else { return false }
    await job.wait(.seconds(1))
    return true
  }

  /// Waits for a job to end.
  func finish(_ id: Int) async throws(ProjectionEngine.JobError) -> JobStatus {
    while true {
      let status = try await status(id)
      if status.state != .running { return status }
      await wait(id, .seconds(1))
    }
  }
}
