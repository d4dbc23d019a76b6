/// The definition of `org.plannerd.control`, as clients introspect it.
enum ControlInterface {
  static let name = "org.plannerd.control"

  static let definition = #"""
    # For operators: root and the daemon's own user. Health is open to everyone on the socket.
    interface org.plannerd.control

    # secondsLeft is absent where the rate is not known yet.
    type Progress (processed: int, total: int, eventsPerSecond: float, secondsLeft: ?float)

    # kind is rebuild, verify or diff; state running, done, failed or cancelled.
    type Job (
      jobId: int,
      kind: string,
      projection: string,
      state: string,
      progress: Progress,
      startedAt: string,
      endedAt: ?string,
      message: ?string,
      report: ?Comparison
    )

    # How the live view and another build differ at the same position: the same tables by digest, and the rows that differ.
    # mended: the live rows that differed are by now those of the other build.
    type Comparison (
      position: int, equal: bool, mended: bool, tables: []TableDigest, differences: []RowDifference
    )
    type TableDigest (
      table: string, liveRows: int, freshRows: int, live: string, fresh: string, equal: bool
    )

    # A row, an example of `total` of its kind in its table: added is not in the live view, gone is only there,
    # different is in both. before is the live row, after the other. events are those behind it, oldest first.
    type RowDifference (
      table: string,
      kind: string,
      total: int,
      key: object,
      before: ?object,
      after: ?object,
      columns: []string,
      events: []EventReference
    )
    type EventReference (
      position: int, type: string, commandId: string, personId: string, uid: int, pid: int,
      recordedAt: string, occurredAt: string
    )

    # state is live, parked (for some planners) or failed (for all). provedAt and provedPosition say when the view was last
    # compared with a fresh fold of the log, proofProblem what was found wrong.
    type ProjectionHealth (
      name: string, generation: string, build: int, state: string, position: int, lag: int,
      message: ?string, parked: int, provedAt: ?string, provedPosition: ?int, proofProblem: ?string
    )

    # state is building, held (waits for Swap), live, previous (for Rollback), retired or scratch.
    type Build (
      build: int, projection: string, generation: string, state: string, position: int, parked: int
    )

    # A planner that a projection is parked for: planner is absent where it is over all of them. position is
    # that of the event at which it failed.
    type Failure (
      projection: string, planner: ?string, position: int, eventType: string, message: string,
      parkedAt: string
    )

    # How long a rebuild would take, at a rate that was measured on the newest events.
    type Estimate (events: int, eventsPerSecond: float, seconds: float)

    # Rebuilds a projection beside the live one and swaps it in. dryRun: only the estimate.
    method Rebuild(projection: string, dryRun: ?bool) -> (jobId: ?int, estimate: ?Estimate)

    # Compares a projection, or all, with a fresh fold of the log; with planner, the rows of that one. repair: the rows
    # that differ become those of the fresh fold.
    method Verify(projection: ?string, planner: ?string, repair: ?bool) -> (jobIds: []int)

    # Builds the projection's folder as it is now and tells what would change. hold: the build then waits for Swap.
    method Diff(projection: string, hold: ?bool) -> (jobId: int)

    # Puts the held build in the place of the live one.
    method Swap(projection: string) -> ()

    # Puts the build that answered before back. The folder is not built again until it changes.
    method Rollback(projection: string) -> ()

    # Deletes held and previous builds, and gives their numbers.
    method Prune(projection: ?string) -> (builds: []int)

    method Builds(projection: ?string) -> (builds: []Build)

    # The planners that projections are parked for.
    method Failures(projection: ?string) -> (failures: []Failure)

    # Folds what was missed, of one planner or of all; failures are those that are left.
    method Retry(projection: string, planner: ?string) -> (failures: []Failure)

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
    # There is no build of the projection in that state.
    error NoSuchBuild (projection: string, state: string)
    # The folder cannot be built.
    error Refused (refusal: Refusal)
    error NoSuchJob (jobId: int)
    error AlreadyRunning (jobId: int)
    error DatabaseUnavailable (message: string, outcomeUnknown: bool)
    error InvalidInput (parameter: string, rule: string, message: string)
    error Fault (message: string)
    """#
}
