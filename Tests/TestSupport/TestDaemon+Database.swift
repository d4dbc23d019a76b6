internal import EventLoop
package import Postgres

extension TestDaemon {
  /// How to connect to the daemon's private Postgres, past the daemon.
  package func info(_ role: String = PrivateCluster.superuser) -> ConnectionInfo {
    ConnectionInfo(
      url: "dbname=plannerd port=5432 host='\(data)/postgres/run'", settings: ["user": role])
  }
}

/// The log of a database as rows of JSON text, data as the text that Postgres shows: what the oracle's `chain.py`
/// reads.
@EventLoop
package func logRows(of database: ConnectionInfo) async throws -> String {
  let connection = try await Connection.open(database)
  defer { connection.close() }
  let rows = try await connection.run([
    Query(
      Statement(
        """
        SELECT (to_jsonb(e) || jsonb_build_object('data', e.data::text))::text
          FROM log.events AS e ORDER BY position
        """))
  ])[0]
  return (0..<rows.count).map { rows.text($0, 0) + "\n" }.joined()
}
