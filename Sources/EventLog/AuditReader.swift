package import EventLoop
internal import JSON
package import Postgres
package import Scalars

/// What an audit asks for; nil lets all pass.
package struct AuditQuery: Sendable {
  /// Who may see only their own planner and attempts; nil for an administrator.
  package var visibleTo: (person: UUID, planner: UUID)?
  package var planner: UUID?
  package var since: Instant?
  package var until: Instant?
  package var person: UUID?
  package var uid: Int?
  package var entity: UUID?
  package var command: String?
  package var eventType: String?
  package var result: String?
  package var oldestFirst = false
  package var limit = 100
  package var cursor: AuditCursor?

  package init() {}
}

/// The last rows seen in the log and in the access record. Written `POSITION-ACCESS`.
package struct AuditCursor: Sendable, Equatable, CustomStringConvertible {
  package var position: Int
  package var access: Int

  package init(position: Int, access: Int) {
    self.position = position
    self.access = access
  }

  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let position = parts[0], let access = parts[1] else { return nil }
    self.init(position: position, access: access)
  }

  package var description: String { "\(position)-\(access)" }
}

/// Reads the log and the access record as one.
@EventLoop
package final class AuditReader {
  private let reader: LogReader
  private let recorder: AccessRecorder

  package init(_ session: Session, recorder: AccessRecorder) {
    reader = LogReader(session)
    self.recorder = recorder
  }

  /// Entries as JSON texts, and the cursor for more where there may be some.
  package func entries(_ query: AuditQuery) async throws(LogFault)
    -> (entries: [[UInt8]], next: AuditCursor?)
  {
    // An answer has seen all attempts that came before the question.
    await recorder.flush()
    var cursor = query.cursor ?? AuditCursor(position: 0, access: 0)
    if query.cursor == nil && !query.oldestFirst { cursor = try await end() }
    let rows = try await reader.rows(
      AuditReader.statement(
        .text(query.visibleTo?.person.description), .text(query.visibleTo?.planner.description),
        .text(query.planner?.description), .text(query.since?.description),
        .text(query.until?.description), .text(query.person?.description), .int(query.uid),
        .text(query.entity?.description), .text(query.command), .text(query.eventType),
        .text(query.result), .bool(query.oldestFirst), .int(cursor.position), .int(cursor.access),
        .int(query.limit + 1)))
    let shown = min(rows.count, query.limit)
    var entries: [[UInt8]] = []
    for row in 0..<shown {
      if let position = rows.int(row, 0) { cursor.position = position }
      if let access = rows.int(row, 1) { cursor.access = access }
      entries.append(rows.bytes(row, 2))
    }
    return (entries, rows.count > shown ? cursor : nil)
  }

  /// Just after what there is now: from there pages go back, and what comes meanwhile is on none of them.
  private func end() async throws(LogFault) -> AuditCursor {
    let rows = try await reader.rows(AuditReader.endStatement())
    return AuditCursor(position: rows.int(0, 0)! + 1, access: rows.int(0, 1)! + 1)
  }

  private static let endStatement = Statement(
    """
    SELECT coalesce((SELECT max(position) FROM log.events), 0),
           coalesce((SELECT max(access_id) FROM log.access), 0)
    """)

  private static let statement = Statement(
    """
    SELECT event_position, access_id, entry
      FROM log.audit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    """)
}
