internal import EventLog
internal import EventLoop
internal import Postgres
internal import Scalars

/// A connection on which a build's `apply()` folds a scope's rows into temporary tables, as they were or as they would be.
///
/// The folder's own SQL runs there unchanged, because `pg_temp` is searched first and `batch` is another sense of that
/// relation. The transaction is read only, which temporary tables are exempt from: whatever else a folder writes to is
/// refused. At its end the tables are empty again.
@EventLoop
final class Sandbox {
  /// What the rows are folded from.
  enum Base: Equatable {
    /// The beginning of the log.
    case nothing
    /// A copy of the rows, as of a version of the scope's stream.
    case snapshot(id: Int, version: Int)
  }

  let buildID: Int
  private let connection: Connection
  private let category: String?
  private let apply: Statement
  private let fromLive: Statement
  private let fromSnapshot: Statement
  private let toSnapshot: Statement
  private let register: Statement
  private var ending: Task<Void, Never>?

  /// What stands for the scope of a build over all streams.
  nonisolated static let allStreams = UUID(high: 0, low: 0)
  /// Events that one `apply()` folds at most.
  private static let chunk = 20_000

  /// Connects and makes the tables.
  static func open(_ build: Build, _ info: ConnectionInfo) async throws(PostgresError) -> Sandbox {
    let connection = try await Connection.open(info)
    do throws(PostgresError) {
      let rows = try await connection.run([openStatement(.int(build.id))])[0]
      return Sandbox(build, connection, rows)
    } catch {
      connection.close()
      throw error
    }
  }

  private static let openStatement = Statement(
    "SELECT from_live, from_snapshot, to_snapshot, row_count FROM projection.open_sandbox($1)")

  private init(_ build: Build, _ connection: Connection, _ rows: Rows) {
    buildID = build.id
    self.connection = connection
    category = build.category
    apply = Statement("SELECT \(quoted(build.schemaName)).apply()")
    fromLive = Statement(rows.text(0, 0))
    fromSnapshot = Statement(rows.text(0, 1))
    toSnapshot = Statement(rows.text(0, 2))
    register = Statement(
      """
      INSERT INTO projection.snapshots (build_id, scope, version, position, rows)
      SELECT $1, $2, $3::bigint, CASE WHEN $4::text IS NULL THEN $3::bigint ELSE (
               SELECT e.position FROM log.events e
                WHERE e.category = $4::text AND e.stream_id = $2 AND e.version = $3::bigint) END,
             \(rows.text(0, 3))
      RETURNING snapshot_id, rows
      """)
  }

  var isOpen: Bool { connection.isOpen }

  func close() { connection.close() }

  // MARK: One question

  /// The rows of some queries on the scope's rows at a version of its stream (of a build over all streams: at a
  /// position), in one round trip; nil where the snapshot is gone. It ends early when its asker is gone.
  func run(
    scope: UUID?, from base: Base, upTo version: Int, _ queries: [Query], abandoned: Signal? = nil
  ) async throws(PostgresError) -> [Rows]? {
    var all = [Sandbox.begin(), settings(scope, whatIf: nil)]
    if case .snapshot(let id, _) = base {
      all += [Sandbox.snapshotStatement(.int(id)), fromSnapshot(.int(id))]
    }
    all += fold(after: base.version, upTo: version)
    let answers = try await transact(all + queries, abandoned)
    end()
    if case .snapshot = base, answers[2].isEmpty { return nil }
    return Array(answers[(all.count)..<(all.count + queries.count)])
  }

  /// The rows of one query at several versions in rising order, in one round trip; nil where the snapshot is gone.
  func run(
    scope: UUID?, from base: Base, at versions: [Int], _ query: Query, abandoned: Signal?
  ) async throws(PostgresError) -> [Rows]? {
    var all = [Sandbox.begin(), settings(scope, whatIf: nil)]
    if case .snapshot(let id, _) = base {
      all += [Sandbox.snapshotStatement(.int(id)), fromSnapshot(.int(id))]
    }
    var looks: [Int] = []
    var reached = base.version
    for version in versions {
      all += fold(after: reached, upTo: version)
      reached = version
      looks.append(all.count)
      all.append(query)
    }
    let answers = try await transact(all, abandoned)
    end()
    if case .snapshot = base, answers[2].isEmpty { return nil }
    return looks.map { answers[$0] }
  }

  /// The rows of some queries on the live rows with what would follow from events that nobody wrote, in one round trip, and
  /// the position of the log that these would come after; nil where the live rows are beyond what they were decided on.
  func run(scope: UUID?, with hypothesis: Hypothesis, _ queries: [Query], abandoned: Signal? = nil)
    async throws(PostgresError) -> (position: Int, answers: [Rows])?
  {
    let all = [
      Sandbox.begin(), settings(scope, whatIf: hypothesis.events),
      Sandbox.whatIfStatement(
        .int(buildID), .text(hypothesis.stream.category), .text(hypothesis.stream.id.description),
        .int(hypothesis.version)),
      fromLive(.text((scope ?? Sandbox.allStreams).description)), apply(),
    ]
    let answers = try await transact(all + queries, abandoned)
    end()
    guard answers[2].bool(0, 1) else { return nil }
    return (answers[2].int(0, 0)!, Array(answers[all.count..<(all.count + queries.count)]))
  }

  /// Folds a scope's rows on from a snapshot, or the beginning, and keeps a copy of them: the new snapshot's id and its
  /// number of rows; nil where the one before is gone. The connection is one of the projector's role.
  func keep(scope: UUID?, from base: Base, upTo version: Int) async throws(PostgresError)
    -> (id: Int, rows: Int)?
  {
    let stream = Parameter.text((scope ?? Sandbox.allStreams).description)
    var all = [
      Query(Statement("BEGIN")), Sandbox.lockStatement(stream), settings(scope, whatIf: nil),
    ]
    if case .snapshot(let id, _) = base {
      all += [Sandbox.snapshotStatement(.int(id)), fromSnapshot(.int(id))]
    }
    all += fold(after: base.version, upTo: version)
    all.append(register(.int(buildID), stream, .int(version), .text(category)))
    let answers = try await transact(all, nil)
    if case .snapshot = base, answers[3].isEmpty {
      _ = try await connection.run([Query(Statement("ROLLBACK"))])
      return nil
    }
    let kept = (id: answers.last!.int(0, 0)!, rows: answers.last!.int(0, 1)!)
    _ = try await transact([toSnapshot(.int(kept.id)), Sandbox.commit()], nil)
    return kept
  }

  /// Ends the transaction, after the answer: emptying the tables takes as long as filling them.
  private func end() {
    ending = Task { @EventLoop in _ = try? await connection.run([Sandbox.commit()]) }
  }

  /// Returns when the next question may come.
  func settle() async {
    await ending?.value
    ending = nil
  }

  private func transact(_ queries: [Query], _ abandoned: Signal?) async throws(PostgresError)
    -> [Rows]
  {
    await settle()
    let watch = abandoned.map { Abandonment($0, connection) }
    defer { watch?.end() }
    do throws(PostgresError) {
      return try await connection.run(queries)
    } catch {
      _ = try? await connection.run([Query(Statement("ROLLBACK"))])
      throw error
    }
  }

  private func fold(after: Int, upTo: Int) -> [Query] {
    stride(from: after, to: upTo, by: Sandbox.chunk).flatMap { after in
      let bounds = category == nil ? Sandbox.positions : Sandbox.versions
      let end = min(upTo, after + Sandbox.chunk)
      return [bounds(.text(String(after)), .text(String(end))), apply()]
    }
  }

  private func settings(_ scope: UUID?, whatIf events: String?) -> Query {
    let batch =
      switch (category, events) {
      case (nil, nil): "batch_all"
      case (nil, _): "batch_whatif_all"
      case (_, nil): "batch_scope"
      default: "batch_whatif"
      }
    return Sandbox.settingsStatement(
      .text("pg_temp, \(batch)"), .text(category ?? ""), .text(scope?.description ?? ""),
      .text(events ?? "[]"))
  }

  private static let begin = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  private static let commit = Statement("COMMIT")
  private static let settingsStatement = Statement(
    """
    SELECT set_config('search_path', $1, true), set_config('plannerd.category', $2, true),
           set_config('plannerd.scope', $3, true), set_config('plannerd.hypothetical', $4, true)
    """)
  /// Sets all bounds; those of the other kind of build are not looked at.
  private static let whatIfStatement = Statement(
    """
    SELECT position, is_before, set_config('plannerd.after_version', "after"::text, true),
           set_config('plannerd.upto_version', upto::text, true),
           set_config('plannerd.after', "after"::text, true),
           set_config('plannerd.upto', upto::text, true),
           set_config('plannerd.hypothetical_after', position::text, true)
      FROM projection.what_if_base($1, $2, $3, $4)
    """)
  /// A copy that is lost in a crash is made again.
  private static let lockStatement = Statement(
    """
    SELECT projection.lock_history($1, false), set_config('synchronous_commit', 'off', true)
    """)
  private static let versions = Statement(
    """
    SELECT set_config('plannerd.after_version', $1, true), set_config('plannerd.upto_version', $2, true)
    """)
  private static let positions = Statement(
    "SELECT set_config('plannerd.after', $1, true), set_config('plannerd.upto', $2, true)")
  private static let snapshotStatement = Statement(
    "SELECT snapshot_id FROM projection.snapshots WHERE snapshot_id = $1")
}

extension Sandbox.Base {
  /// The version up to which its rows are folded.
  fileprivate var version: Int {
    if case .snapshot(_, let version) = self { return version }
    return 0
  }
}

/// Ends a connection when the asker of what runs on it is gone: the server looks for that every second.
@EventLoop
private final class Abandonment {
  private let connection: Connection
  private let abandoned: Signal
  private var timer: Timer?

  private static let interval = Duration.milliseconds(200)

  init(_ abandoned: Signal, _ connection: Connection) {
    self.abandoned = abandoned
    self.connection = connection
    look()
  }

  private func look() {
    timer = EventLoop.after(Abandonment.interval) { [weak self] in
      guard let self else { return }
      if abandoned.hasFired { connection.close() } else { look() }
    }
  }

  func end() { timer?.cancel() }
}
