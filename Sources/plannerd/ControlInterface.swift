/// The definition of `org.plannerd.control`, as clients introspect it.
enum ControlInterface {
  static let name = "org.plannerd.control"

  static let definition = #"""
    # For operators: root and the daemon's own user. Health is open to everyone on the socket.
    interface org.plannerd.control

    type Progress (processed: int, total: int, eventsPerSecond: float)

    # kind is rebuild or verify; state running, done, failed or cancelled.
    type Job (
      jobId: int,
      kind: string,
      projection: string,
      state: string,
      progress: Progress,
      startedAt: string,
      endedAt: ?string,
      message: ?string,
      report: ?VerifyReport
    )

    # Digests of a view's tables and of a fresh fold of the log up to the same position.
    type VerifyReport (position: int, equal: bool, tables: []TableDigest)
    type TableDigest (
      table: string, liveRows: int, freshRows: int, live: string, fresh: string, equal: bool
    )

    type ProjectionHealth (
      name: string, generation: string, build: int, state: string, position: int, lag: int,
      message: ?string
    )

    # Rebuilds a projection beside the live one and swaps it in.
    method Rebuild(projection: string) -> (jobId: int)

    # Compares a projection, or all, with a fresh fold of the log.
    method Verify(projection: ?string) -> (jobIds: []int)

    # The newest jobs first.
    method Jobs(limit: ?int) -> (jobs: []Job)

    # To be called with `more`: the job as it goes on, and last when it has ended.
    method Watch(jobId: int) -> (job: Job)

    method Cancel(jobId: int) -> (job: Job)

    # Reads the folders of projections again. refused lists folders with an error, and why; they go on as
    # they were.
    method Reload() -> (
      added: []string, changed: []string, removed: []string, unchanged: []string, refused: []Refusal
    )
    type Refusal (projection: string, file: string, line: int, message: string)

    # state is ready or databaseUnavailable.
    method Health() -> (
      state: string,
      message: ?string,
      position: int,
      clockBehindLogSeconds: float,
      connections: int,
      projections: []ProjectionHealth
    )

    # Checks positions, versions and the hash chain of the whole log, and gives the hash of its head.
    method VerifyLog() -> (
      valid: bool, position: int, headHash: string, problems: []LogProblem
    )
    type LogProblem (position: int, problem: string)

    error NotPermitted (method: string)
    error NoSuchProjection (projection: string)
    error NoSuchJob (jobId: int)
    error AlreadyRunning (jobId: int)
    error DatabaseUnavailable (message: string, outcomeUnknown: bool)
    error InvalidInput (parameter: string, rule: string, message: string)
    error Fault (message: string)
    """#
}
