internal import EventLoop
internal import Postgres

/// A connection of the query role, and which build's tables names mean on it.
///
/// That is set with the first question to a build and stays. Each statement says which it needs, so that one which comes
/// after a failure that took the setting back finds nothing, rather than another build's rows.
@EventLoop
final class QuerySession {
  let session: Session
  private var path: String?

  private static let pathStatement = Statement("SELECT set_config('search_path', $1, false)")

  init(_ session: Session) {
    self.session = session
    session.onConnect = { [weak self] _ in self?.path = nil }
  }

  /// Runs a question in one round trip, to the build that a path leads to.
  func run(_ query: Query, with path: String) async throws(PostgresError) -> Rows {
    let queries = self.path == path ? [query] : [QuerySession.pathStatement(.text(path)), query]
    self.path = path
    do throws(PostgresError) {
      return try await session.run(queries, resend: .allowed).last!
    } catch {
      self.path = nil
      throw error
    }
  }

  /// The one to ask: connected, if there is one, with little under way, best of all with that path already.
  static func best(of sessions: [QuerySession], for path: String) -> QuerySession {
    func cost(_ one: QuerySession) -> Int {
      (one.session.state == .connected ? 0 : 1_000_000) + 2 * one.session.load
        + (one.path == path ? 0 : 1)
    }
    return sessions.min { cost($0) < cost($1) }!
  }
}
