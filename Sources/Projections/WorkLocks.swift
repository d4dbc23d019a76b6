internal import EventLoop
internal import Postgres

/// The advisory locks by which other daemons see that this one is at work on a build or a job.
///
/// They are the session's and end with it, so that nothing stays behind of a daemon that ends; a session that comes
/// back takes them again.
@EventLoop
final class WorkLocks {
  /// The first number of the locks of a kind; the second is the id. `create_build` and `JobBoard` take them.
  enum Kind: Int {
    case build = 1_886_151_014
    case job = 1_886_151_015
  }

  private struct Lock: Hashable {
    let kind: Kind
    let id: Int
  }

  private let session: Session
  private var held: Set<Lock> = []

  /// The server may notice late that the connection was lost, and keeps the locks of the old one as long.
  private static let retryInterval = Duration.seconds(1)

  init(session: Session) {
    self.session = session
  }

  /// Notes a lock that the session has just taken.
  func took(_ kind: Kind, _ id: Int) {
    held.insert(Lock(kind: kind, id: id))
  }

  func release(_ kind: Kind, _ id: Int) async {
    guard held.remove(Lock(kind: kind, id: id)) != nil else { return }
    // Lost with the connection, if not this way.
    _ = try? await session.run(
      Statement("SELECT pg_advisory_unlock($1::integer, $2::integer)")(
        .int(kind.rawValue), .int(id)), resend: .forbidden)
  }

  /// Takes the locks on a new connection of the session.
  func retake(on connection: Connection) async throws(PostgresError) {
    var missing = false
    for lock in held {
      let rows = try await connection.run([WorkLocks.query(lock)])[0]
      if rows[0, 0] != "t" { missing = true }
    }
    if missing { retakeLater() }
  }

  private func retakeLater() {
    EventLoop.after(WorkLocks.retryInterval) { [weak self] in
      guard let self else { return }
      Task { @EventLoop in
        var missing = false
        for lock in self.held {
          let rows = try? await self.session.run(WorkLocks.query(lock), resend: .forbidden)
          // Without an answer there is a new connection to come, which takes them.
          if let rows, rows[0, 0] != "t" { missing = true }
        }
        if missing { self.retakeLater() }
      }
    }
  }

  private static func query(_ lock: Lock) -> Query {
    takeStatement(.int(lock.kind.rawValue), .int(lock.id))
  }

  /// A lock that is taken twice would have to be released twice.
  private static let takeStatement = Statement(
    """
    SELECT CASE WHEN EXISTS (
        SELECT FROM pg_locks
         WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
           AND classid = $1::integer::oid AND objid = $2::integer::oid AND objsubid = 2)
      THEN true ELSE pg_try_advisory_lock($1::integer, $2::integer) END
    """)
}
