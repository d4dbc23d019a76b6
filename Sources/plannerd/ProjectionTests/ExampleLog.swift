import EventLog
import EventLoop
import JSON
import Postgres
import Scalars

/// Writes the events of a test into the log of a database, by the function that the daemon appends with.
@EventLoop
struct ExampleLog {
  let connection: Connection
  let schemaVersion: Int

  /// Whose events they are.
  private static let person = UUID(high: 0x0190_00F0_0000_7000, low: 1 << 63 + 1)
  /// Appends in one round trip.
  private static let chunk = 500

  /// One planner's events, after those of the planners before.
  func append(_ events: [GivenEvent], to planner: UUID, recordedFrom: Instant)
    async throws(PostgresError)
  {
    var recorded = recordedFrom
    var version = 0
    var appends: [Query] = []
    for event in events {
      recorded = max(recorded, event.occurredAt)
      version += 1
      appends.append(append(event, to: planner, version, at: recorded))
      if appends.count == ExampleLog.chunk || version == events.count {
        _ = try await connection.run(appends)
        appends = []
      }
    }
  }

  private func append(_ event: GivenEvent, to planner: UUID, _ version: Int, at recorded: Instant)
    -> Query
  {
    ExampleLog.statement(
      .int(schemaVersion), .text(recorded.description), .text(planner.description), .int(version),
      .text(event.type), .text(JSON.object(event.data).text), .text(event.commandID.description),
      .text(event.command), .text(ExampleLog.person.description),
      .text(event.occurredAt.description), .text(event.undoes?.description))
  }

  private static let statement = Statement(
    """
    SELECT log.append($1::int, $2::timestamptz, ARRAY['planner'], ARRAY[$3::uuid], ARRAY[$4::bigint],
                      ARRAY[$5::text], ARRAY[$6::jsonb], ARRAY[$7::uuid], ARRAY[$8::text],
                      ARRAY[CASE WHEN $8::text IS NOT NULL THEN sha256(convert_to($8::text, 'UTF8')) END],
                      ARRAY[CASE WHEN $8::text IS NOT NULL THEN 0 END::bigint], ARRAY[$9::uuid],
                      ARRAY[1000::bigint], ARRAY[1], ARRAY[$10::timestamptz], ARRAY[$11::uuid])
    """)
}
