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
  let buildID: Int
  private let connection: Connection
  private let statements: SandboxStatements
  private var ending: Task<Void, Never>?
  /// Questions since the tables were last emptied.
  private var questions = 0
  /// Whose rows, and as of which version, Postgres's statistics of the tables are of.
  private var analyzed: (scope: UUID?, version: Int)?

  /// After so many questions the tables are emptied for good, which takes as long as many a question.
  private static let questionsAtOnce = 10

  /// Connects and makes the tables.
  static func open(_ build: Build, _ info: ConnectionInfo) async throws(PostgresError) -> Sandbox {
    let connection = try await Connection.open(info)
    do throws(PostgresError) {
      let statements = try await SandboxStatements.open(build, keeps: false, on: connection)
      return Sandbox(build, connection, statements)
    } catch {
      connection.close()
      throw error
    }
  }

  private init(_ build: Build, _ connection: Connection, _ statements: SandboxStatements) {
    buildID = build.id
    self.connection = connection
    self.statements = statements
  }

  var isOpen: Bool { connection.isOpen }

  func close() { connection.close() }

  // MARK: One question

  /// The rows of some queries on the scope's rows at a version of its stream (of a build over all streams: at a
  /// position), which is at a position of the log, in one round trip; nil where the snapshot is gone. Without one all is folded from the beginning. It ends
  /// early when its asker is gone.
  func run(
    scope: UUID?, from snapshot: Snapshot?, upTo version: Int, at position: Int,
    _ queries: [Query], abandoned: Signal? = nil
  ) async throws(PostgresError) -> [Rows]? {
    let all =
      begin(scope, from: snapshot, at: position)
      + statements.fold(after: snapshot?.version ?? 0, upTo: version)
      + analysis(scope, version)
    let answers = try await transact(all + queries, abandoned)
    end(scope, version)
    if snapshot != nil, answers[2].isEmpty { return nil }
    return Array(answers[all.count...])
  }

  /// The rows of one query at several versions in rising order, with their positions, in one round trip; nil where the
  /// snapshot is gone.
  func run(
    scope: UUID?, from snapshot: Snapshot?, at places: [(version: Int, position: Int)],
    _ query: Query, abandoned: Signal?
  ) async throws(PostgresError) -> [Rows]? {
    var all = begin(scope, from: snapshot, at: 0)
    var looks: [Int] = []
    var reached = snapshot?.version ?? 0
    if let first = places.first {
      all += statements.fold(after: reached, upTo: first.version) + analysis(scope, first.version)
      reached = first.version
    }
    for place in places {
      all += statements.fold(after: reached, upTo: place.version)
      reached = place.version
      all.append(statements.series(upTo: place.position))
      looks.append(all.count)
      all.append(query)
    }
    let answers = try await transact(all, abandoned)
    end(scope, places.first?.version ?? 0)
    if snapshot != nil, answers[2].isEmpty { return nil }
    return looks.map { answers[$0] }
  }

  /// The rows of some queries on the live rows with what would follow from events that nobody wrote, in one round trip, and
  /// the position of the log that these would come after; nil where the live rows are beyond what they were decided on.
  func run(scope: UUID?, with hypothesis: Hypothesis, _ queries: [Query], abandoned: Signal? = nil)
    async throws(PostgresError) -> (position: Int, answers: [Rows])?
  {
    let all =
      [
        Sandbox.begin(),
        statements.settings(scope, seriesUpTo: .max, whatIf: hypothesis.events),
        Sandbox.whatIfStatement(
          .int(buildID), .text(hypothesis.stream.category), .text(hypothesis.stream.id.description),
          .int(hypothesis.version)),
        statements.fromLive(.text((scope ?? SandboxStatements.allStreams).description)),
        statements.apply(),
      ] + analysis(scope, hypothesis.version)
    let answers = try await transact(all + queries, abandoned)
    end(scope, hypothesis.version)
    guard answers[2].bool(0, 1) else { return nil }
    return (answers[2].int(0, 0)!, Array(answers[all.count...]))
  }

  /// Begins with the rows of a snapshot, or none; the third statement answers nothing where it is gone.
  private func begin(_ scope: UUID?, from snapshot: Snapshot?, at position: Int) -> [Query] {
    let begin = [Sandbox.begin(), statements.settings(scope, seriesUpTo: position)]
    guard let snapshot else { return begin }
    return begin + [
      Sandbox.snapshotStatement(.int(snapshot.id)),
      statements.fromSnapshot(.int(snapshot.baseID), .int(snapshot.id)),
    ]
  }

  /// Has Postgres look at the rows, which takes as long as some of the queries, where it knows those of another scope or of
  /// a much earlier time.
  private func analysis(_ scope: UUID?, _ version: Int) -> [Query] {
    guard let analyze = statements.analyze, isStale(scope, version) else { return [] }
    return [analyze()]
  }

  private func isStale(_ scope: UUID?, _ version: Int) -> Bool {
    guard let analyzed, analyzed.scope == scope else { return true }
    return version > 2 * analyzed.version
  }

  /// Ends the transaction, after the answer.
  private func end(_ scope: UUID?, _ version: Int) {
    questions += 1
    let isNew = isStale(scope, version)
    if isNew { analyzed = (scope, version) }
    // A commit empties the tables. What was put back leaves dead rows in them, which the next question passes over, and
    // takes the statistics with it.
    let isFull = isNew || questions % Sandbox.questionsAtOnce == 0
    ending = Task { @EventLoop in
      _ = try? await connection.run([isFull ? Sandbox.commit() : Sandbox.rollback()])
    }
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
      _ = try? await connection.run([Sandbox.rollback()])
      throw error
    }
  }

  private static let begin = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  private static let commit = Statement("COMMIT")
  private static let rollback = Statement("ROLLBACK")
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
  private static let snapshotStatement = Statement(
    "SELECT snapshot_id FROM projection.snapshots WHERE snapshot_id = $1")
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
