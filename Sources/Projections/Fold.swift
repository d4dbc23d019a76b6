internal import EventLoop
internal import Postgres
internal import Scalars

/// The statements that fold a stretch of the log into a build, as one transaction.
///
/// A crash after a commit that was not flushed only means that the same events are folded again.
@EventLoop
enum Fold {
  /// A build, and the right to fold it.
  typealias Target = (build: Build, lease: Lease)

  /// The settings that say what `batch` is, and the checkpoint. Another daemon's fold of the same events waits here, and is
  /// refused, before it has met rows that this one has just written.
  private static let begin = Statement(
    "SELECT \(settings), projection.advance($6, $1::bigint, $2::bigint, $7, $8)")
  private static let bound = Statement("SELECT \(settings)")

  /// Of what is between two positions, into a build's tables, until the end of the transaction.
  private static let settings = """
    set_config('synchronous_commit', 'off', true), set_config('plannerd.after', $1::text, true),
    set_config('plannerd.upto', $2::text, true), set_config('search_path', $3, true),
    set_config('plannerd.category', $4, true), set_config('plannerd.parked', $5, true)
    """
  private static let scope = Statement(
    """
    SELECT set_config('search_path', $1, true), set_config('plannerd.category', $2, true),
           set_config('plannerd.parked', $3, true)
    """)

  /// Folds a stretch, in halves where one transaction cannot hold it.
  static func run(
    _ target: Target, after: Int, upTo: Int,
    _ run: @EventLoop ([Query]) async throws(PostgresError) -> [Rows]
  ) async throws(PostgresError) {
    do throws(PostgresError) {
      _ = try await run(queries(target, after: after, upTo: upTo))
    } catch {
      guard error.isTooMuch, upTo - after > 1 else { throw error }
      let middle = (after + upTo) / 2
      try await Fold.run(target, after: after, upTo: middle, run)
      try await Fold.run(target, after: middle, upTo: upTo, run)
    }
  }

  /// The build must be at position `after`.
  static func queries(_ target: Target, after: Int, upTo: Int) -> [Query] {
    let (build, lease) = target
    let checkpoint: [Parameter] = [.int(build.id), .text(lease.name), .int(lease.epoch)]
    return [Query(begin, bounds(build, after, upTo) + checkpoint), apply(build)]
  }

  /// The same without its checkpoint, which nobody else will see.
  static func trial(_ build: Build, after: Int, upTo: Int) -> [Query] {
    [Query(bound, bounds(build, after, upTo)), apply(build)]
  }

  private static func bounds(_ build: Build, _ after: Int, _ upTo: Int) -> [Parameter] {
    [
      .int(after), .int(upTo), .text("\(quoted(build.schemaName)), \(build.batchSchema)"),
      .text(build.category ?? ""), .array(build.parked.compactMap(\.scope?.description)),
    ]
  }

  private static func apply(_ build: Build) -> Query {
    Query(Statement("SELECT \(quoted(build.schemaName)).apply()"))
  }

  /// One stream's events by version, into a build that nobody else folds; its checkpoint stands.
  static func queries(_ build: Build, scope stream: UUID, afterVersion: Int, upTo: Int) -> [Query] {
    [
      scope(
        .text("\(quoted(build.schemaName)), batch_scope"), .text(build.category ?? ""), "{}"),
      versions(.text(stream.description), .text(String(afterVersion)), .text(String(upTo))),
      apply(build),
    ]
  }

  private static let versions = Statement(
    """
    SELECT set_config('plannerd.scope', $1, true), set_config('plannerd.after_version', $2, true),
           set_config('plannerd.upto_version', $3, true)
    """)

  /// Ends the parking of a stream and folds what it has missed.
  static func unpark(_ target: Target, scope stream: UUID) -> [Query] {
    let (build, lease) = target
    return [
      scope(
        .text("\(quoted(build.schemaName)), batch_scope"), .text(build.category ?? ""), "{}"),
      unparkStatement(
        .int(build.id), .text(stream.description), .text(lease.name), .int(lease.epoch)),
      apply(build),
    ]
  }

  private static let unparkStatement = Statement("SELECT projection.unpark($1, $2, $3, $4)")
}

extension PostgresError {
  /// A statement met a limit of Postgres, such as the gigabyte that a text may have, or of its memory: with fewer rows it
  /// may succeed.
  var isTooMuch: Bool {
    ["54000", "53200"].contains(sqlState)
      || sqlState == "XX000" && message.hasPrefix("invalid memory alloc request size")
  }

  /// apply() fails at these events, and would again: it is not the server's state, nor another worker's doing.
  var isOfTheEvent: Bool {
    guard let sqlState, !isUnavailable, !isTooMuch else { return false }
    let isOfTheServer = ["08", "25", "40", "53", "54", "55", "57", "58", "F0", "XX", "PL"]
    return !isOfTheServer.contains(String(sqlState.prefix(2)))
  }
}
