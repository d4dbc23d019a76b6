internal import EventLog
internal import EventLoop
internal import JSON
internal import Postgres

/// Why a job ended early.
enum JobFailure: Error {
  case cancelled
  case failed(String)
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

  /// Folds a build from its checkpoint to near the head of the log, chunk by chunk; a lost connection is made again.
  func catchUp(_ build: Build, _ job: Job) async throws(JobFailure) -> Build {
    var build = build
    var connection: Connection?
    defer { connection?.close() }
    var backoff = Backoff()
    var chunk = Worker.largestChunk
    while tail.head - build.position > Worker.near || (build.position == 0 && tail.head > 0) {
      if job.isCancelled { throw .cancelled }
      let upTo = min(tail.head, build.position + chunk)
      do throws(PostgresError) {
        if connection?.isOpen != true { connection = try await Connection.open(info) }
        _ = try await connection!.run(Fold.queries([build], after: build.position, upTo: upTo))
        build.position = upTo
        job.update {
          $0.processed = upTo
          $0.total = tail.head
        }
      } catch {
        if error.isTooMuch, upTo - build.position > 1 {
          chunk = (upTo - build.position) / 2
          continue
        }
        guard error.isUnavailable || ["PL004", "PL006"].contains(error.sqlState) else {
          throw .failed(
            build.folder.map { ErrorLocation(error, in: $0).refusal.description } ?? "\(error)")
        }
        await EventLoop.sleep(backoff.next())
        build = try await asItIs(build)
      }
    }
    return build
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

  /// Folds the log anew into tables of its own up to the position of the live build, and compares both in one
  /// snapshot.
  func compare(_ live: Build, with scratch: Build, _ job: Job) async throws(JobFailure) -> JSON {
    var scratch = try await catchUpForComparison(scratch, live, job)
    do throws(PostgresError) {
      let connection = try await Connection.open(info)
      defer { connection.close() }
      // One snapshot for all: the live build stands still in it, wherever the projector is by now.
      _ = try await connection.run([Query(Statement("BEGIN ISOLATION LEVEL REPEATABLE READ"))])
      let row = try await connection.run([
        Statement("SELECT position FROM projection.builds WHERE build_id = $1")(.int(live.id))
      ])[0]
      guard let position = row.isEmpty ? nil : row.int(0, 0) else {
        throw PostgresError(sqlState: nil, message: "the live build was replaced")
      }
      if scratch.position < position {
        try await Fold.run([scratch], after: scratch.position, upTo: position) {
          queries throws(PostgresError) in
          try await Worker.runWithin(connection, queries)
        }
        scratch.position = position
      }
      let digests = Statement("SELECT table_name, row_count, digest FROM projection.digests($1)")
      let both = try await connection.run([
        digests(.text(live.schemaName)), digests(.text(scratch.schemaName)),
      ])
      _ = try await connection.run([Query(Statement("COMMIT"))])
      job.update {
        $0.processed = position
        $0.total = position
      }
      return Worker.report(position, live: both[0], fresh: both[1])
    } catch {
      throw .failed("\(error)")
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

  /// As `catchUp`, but never beyond what the live build has folded.
  private func catchUpForComparison(_ scratch: Build, _ live: Build, _ job: Job)
    async throws(JobFailure) -> Build
  {
    var scratch = scratch
    do throws(PostgresError) {
      let connection = try await Connection.open(info)
      defer { connection.close() }
      var chunk = Worker.largestChunk
      while !job.isCancelled {
        let position = try await store.build(live.id)?.position ?? 0
        job.update { $0.total = position }
        if scratch.position >= position { return scratch }
        let upTo = min(position, scratch.position + chunk)
        do throws(PostgresError) {
          _ = try await connection.run(Fold.queries([scratch], after: scratch.position, upTo: upTo))
        } catch {
          guard error.isTooMuch, upTo - scratch.position > 1 else { throw error }
          chunk = (upTo - scratch.position) / 2
          continue
        }
        scratch.position = upTo
        job.update { $0.processed = upTo }
        if position - upTo < Worker.near { return scratch }
      }
    } catch {
      throw .failed("\(error)")
    }
    throw .cancelled
  }

  private static func report(_ position: Int, live: Rows, fresh: Rows) -> JSON {
    var equal = live.count == fresh.count
    let tables: [JSON] = (0..<min(live.count, fresh.count)).map { row in
      let same = live.text(row, 2) == fresh.text(row, 2) && live.int(row, 1) == fresh.int(row, 1)
      equal = equal && same
      return [
        "table": .string(live.text(row, 0)), "liveRows": .int(live.int(row, 1)!),
        "freshRows": .int(fresh.int(row, 1)!), "live": .string(live.text(row, 2)),
        "fresh": .string(fresh.text(row, 2)), "equal": .bool(same),
      ]
    }
    return ["position": .int(position), "equal": .bool(equal), "tables": .array(tables)]
  }
}
