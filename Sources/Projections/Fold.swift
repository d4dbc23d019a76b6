internal import EventLoop
internal import Postgres

/// The statements that fold a stretch of the log into builds, as one transaction.
///
/// A crash after a commit that was not flushed only means that the same events are folded again.
@EventLoop
enum Fold {
  private static let bounds = Statement(
    """
    SELECT set_config('synchronous_commit', 'off', true), set_config('plannerd.after', $1, true),
           set_config('plannerd.upto', $2, true)
    """)
  private static let scope = Statement(
    "SELECT set_config('search_path', $1, true), set_config('plannerd.category', $2, true)")
  private static let advance = Statement("SELECT projection.advance($1, $2, $3)")

  /// Folds a stretch, in halves where one transaction cannot hold it.
  static func run(
    _ builds: [Build], after: Int, upTo: Int,
    _ run: @EventLoop ([Query]) async throws(PostgresError) -> [Rows]
  ) async throws(PostgresError) {
    do throws(PostgresError) {
      _ = try await run(queries(builds, after: after, upTo: upTo))
    } catch {
      guard error.isTooMuch, upTo - after > 1 else { throw error }
      let middle = (after + upTo) / 2
      try await Fold.run(builds, after: after, upTo: middle, run)
      try await Fold.run(builds, after: middle, upTo: upTo, run)
    }
  }

  /// All builds must be at position `after`.
  static func queries(_ builds: [Build], after: Int, upTo: Int) -> [Query] {
    var queries = [bounds(.text(String(after)), .text(String(upTo)))]
    for build in builds {
      queries.append(
        scope(
          .text("\(quoted(build.schemaName)), \(build.batchSchema)"), .text(build.category ?? "")))
      // The checkpoint first: another daemon's fold of the same events then waits here, and is refused, before it
      // has met rows that this one has just written.
      queries.append(advance(.int(build.id), .int(after), .int(upTo)))
      queries.append(Query(Statement("SELECT \(quoted(build.schemaName)).apply()")))
    }
    return queries
  }
}

extension PostgresError {
  /// A statement met a limit of Postgres, such as the gigabyte that a text may have, or of its memory: with fewer rows it
  /// may succeed.
  var isTooMuch: Bool {
    ["54000", "53200"].contains(sqlState)
      || sqlState == "XX000" && message.hasPrefix("invalid memory alloc request size")
  }
}
