internal import EventLoop
internal import Postgres
internal import Scalars

/// A connection, by the projector's role, on which a scope's rows are folded on from one snapshot to the next. The
/// temporary tables hold them all the time.
@EventLoop
final class SnapshotKeeper {
  private let build: Build
  private let connection: Connection
  private let statements: SandboxStatements
  private var scope: UUID?
  /// What the rows are as of; nil at the beginning of the log.
  private(set) var newest: Snapshot?
  /// The last whole copy, and how many rows it has.
  private var whole: (version: Int, rows: Int) = (0, 0)

  /// Snapshots from one whole copy to the next at least. Where the rows are more, it is as many events as there are rows,
  /// so that the copies hold no more than a few times as many rows as the log has events.
  private static let wholeSpacing = 5

  static func open(_ build: Build, _ info: ConnectionInfo) async throws(PostgresError)
    -> SnapshotKeeper
  {
    let connection = try await Connection.open(info)
    do throws(PostgresError) {
      let statements = try await SandboxStatements.open(build, keeps: true, on: connection)
      return SnapshotKeeper(build, connection, statements)
    } catch {
      connection.close()
      throw error
    }
  }

  private init(_ build: Build, _ connection: Connection, _ statements: SandboxStatements) {
    self.build = build
    self.connection = connection
    self.statements = statements
  }

  var isOpen: Bool { connection.isOpen }

  func close() { connection.close() }

  /// Begins with a scope's rows as of its last snapshot; false where that is gone.
  func begin(_ scope: UUID, from snapshot: Snapshot?, whole: (version: Int, rows: Int))
    async throws(PostgresError) -> Bool
  {
    self.scope = scope
    self.whole = whole
    newest = snapshot
    var all = [Query(Statement("BEGIN")), statements.emptyAll()]
    if let snapshot {
      all += [
        SnapshotKeeper.lockStatement(.text(scope.description)),
        statements.fromSnapshot(.int(snapshot.baseID), .int(snapshot.id)),
        SnapshotKeeper.snapshotStatement(.int(snapshot.id)),
      ]
    }
    let answers = try await transact(all)
    return snapshot == nil || !answers[4].isEmpty
  }

  /// The version that the next snapshot is of, at least `spacing` events after the one before it.
  func next(spacing: Int) -> Int {
    guard let newest, statements.keepChanges == nil else { return (newest?.version ?? 0) + spacing }
    return newest.version + max(SnapshotKeeper.wholeSpacing * spacing, whole.rows)
  }

  /// Folds the rows on and keeps a snapshot of them; false where the one before is gone.
  func keep(upTo version: Int) async throws(PostgresError) -> Bool {
    guard let scope else { return false }
    let stream = Parameter.text(scope.description)
    let step = version - (newest?.version ?? 0)
    let isWhole =
      newest == nil || statements.keepChanges == nil
      || version - whole.version >= max(SnapshotKeeper.wholeSpacing * step, whole.rows)
    var parameters: [Parameter] = [
      .int(build.id), stream, .int(version), .text(build.category), .int(newest?.id),
    ]
    if !isWhole { parameters.append(.int(newest?.baseID)) }
    let keep = isWhole ? statements.keepWhole : statements.keepChanges!
    let answers = try await transact(
      [
        Query(Statement("BEGIN")), SnapshotKeeper.lockStatement(stream),
        statements.settings(build.category == nil ? nil : scope, seriesUpTo: .max),
      ] + statements.fold(after: newest?.version ?? 0, upTo: version) + [Query(keep, parameters)])
    let kept = answers[answers.count - 2]
    if kept.isEmpty { return false }
    let id = kept.int(0, 0)!
    newest = Snapshot(id: id, baseID: isWhole ? id : newest!.baseID, version: version)
    if isWhole { whole = (version, kept.int(0, 1)!) }
    return true
  }

  private func transact(_ queries: [Query]) async throws(PostgresError) -> [Rows] {
    do throws(PostgresError) {
      return try await connection.run(queries + [Query(Statement("COMMIT"))])
    } catch {
      _ = try? await connection.run([Query(Statement("ROLLBACK"))])
      throw error
    }
  }

  /// A copy that is lost in a crash is made again.
  private static let lockStatement = Statement(
    """
    SELECT projection.lock_history($1, false), set_config('synchronous_commit', 'off', true)
    """)
  private static let snapshotStatement = Statement(
    "SELECT snapshot_id FROM projection.snapshots WHERE snapshot_id = $1")
}
