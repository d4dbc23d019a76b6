import EventLoop
import Postgres

@testable import Projections

extension Lease {
  /// The right to fold builds that a test makes by itself, on the database of a session.
  @EventLoop static func ofTest(_ session: Session) async throws -> Lease {
    _ = try await session.run(
      Query(
        Statement(
          """
          INSERT INTO projection.leases VALUES ('test', gen_random_uuid(), 1) ON CONFLICT DO NOTHING
          """)), resend: .forbidden)
    return Lease(name: "test", epoch: 1)
  }
}
