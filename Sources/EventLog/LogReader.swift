package import EventLoop
internal import JSON
package import Postgres
package import Scalars

/// Reads the log, by a role that may only read it.
@EventLoop
package final class LogReader {
  private let session: Session

  package init(_ session: Session) {
    self.session = session
  }

  /// The last position of the log, 0 where it is empty.
  package func head() async throws(LogFault) -> Int {
    try await rows(LogReader.headStatement()).int(0, 0) ?? 0
  }

  private static let headStatement = Statement("SELECT max(position) FROM log.events")

  /// The streams that events of a stretch went to; nil where it is long.
  func streams(after: Int, upTo: Int) async throws(LogFault) -> Set<StreamID>? {
    guard upTo - after <= LogReader.sliceSize else { return nil }
    let rows = try await rows(LogReader.streamsStatement(.int(after), .int(upTo)))
    return Set(
      (0..<rows.count).map {
        StreamID(category: rows.text($0, 0), id: UUID(rows.text($0, 1))!)
      })
  }

  private static let streamsStatement = Statement(
    "SELECT DISTINCT category, stream_id FROM log.events WHERE position > $1 AND position <= $2")

  /// The last position, and by how much the log's last time is ahead of this moment (0 where it is not).
  package func headAndDrift(_ now: Instant) async throws(LogFault) -> (
    position: Int, seconds: Double
  ) {
    let rows = try await rows(LogReader.driftStatement())
    guard let position = rows.int(0, 0), let last = rows.int(0, 1) else { return (0, 0) }
    return (position, Double(max(0, last - now.microseconds)) / 1_000_000)
  }

  private static let driftStatement = Statement(
    """
    SELECT max(position), max((extract(epoch FROM recorded_at) * 1000000)::bigint)
      FROM (SELECT position, recorded_at FROM log.events ORDER BY position DESC LIMIT 1) AS last
    """)

  /// Folds a stream from a version on into a state, in slices, and gives the version reached. Where events were erased
  /// meanwhile it begins anew: the state may hold what is to be forgotten.
  func fold<D: Decider>(
    _ stream: StreamID, after version: Int = 0, into state: inout D.State, by decider: D
  ) async throws(LogFault) -> Int {
    var version = version
    var erasure = 0
    while true {
      let rows = try await rows(
        LogReader.streamStatement(
          .text(stream.category), .text(stream.id.description), .int(version)))
      for row in 0..<rows.count {
        version = rows.int(row, 0)!
        if rows.text(row, 1) == "EventsErased", version > erasure {
          erasure = version
          state = decider.initialState
          version = 0
          break
        }
        let data = rows[row, 2].flatMap { try? JSON.parse($0) }
        decider.evolve(&state, type: rows.text(row, 1), data: data, version: version)
        if row % 50 == 49 { await EventLoop.yield() }
      }
      if rows.count < LogReader.sliceSize, version >= erasure { return version }
    }
  }

  private static let sliceSize = 2_000
  private static let streamStatement = Statement(
    """
    SELECT version, type, data::text FROM log.current_events
     WHERE category = $1 AND stream_id = $2 AND version > $3 ORDER BY version LIMIT \(sliceSize)
    """)

  /// The versions of streams, 0 for one without events.
  func versions(of streams: [StreamID]) async throws(LogFault) -> [StreamID: Int] {
    let rows = try await rows(LogReader.versions(of: streams))
    return Dictionary(
      uniqueKeysWithValues: streams.enumerated().map { ($1, rows.int($0, 0) ?? 0) })
  }

  private static func versions(of streams: [StreamID]) -> Query {
    versionsStatement(
      .array(streams.map(\.category)), .array(streams.map(\.id.description)))
  }

  private static let versionsStatement = Statement(
    """
    SELECT (SELECT e.version FROM log.events e WHERE e.category = u.category AND e.stream_id = u.stream_id
             ORDER BY e.version DESC LIMIT 1)
      FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS u (category, stream_id, ordinal)
     ORDER BY u.ordinal
    """)

  /// Those of some commands that the log holds, and the versions of their streams, in one snapshot's time.
  /// `afterAppends` waits for appends that are under way.
  func find(_ commands: [CommandKey], afterAppends: Bool = false) async throws(LogFault)
    -> (found: [CommandKey: FoundCommand], versions: [StreamID: Int])
  {
    let streams = Array(Set(commands.map(\.stream)))
    let statement = afterAppends ? LogReader.findLockedStatement : LogReader.findStatement
    let query = statement(
      .array(commands.map(\.stream.category)), .array(commands.map(\.stream.id.description)),
      .array(commands.map(\.id.description)))
    let answers: [Rows]
    do {
      answers = try await session.run([query, LogReader.versions(of: streams)], resend: .allowed)
    } catch {
      throw LogFault(reading: error)
    }
    var found: [CommandKey: FoundCommand] = [:]
    for row in 0..<answers[0].count {
      found[commands[answers[0].int(row, 0)! - 1]] = FoundCommand(
        bodyHash: Hashing.bytes(hex: answers[0].text(row, 1))!,
        placement: Placement(
          first: answers[0].int(row, 2), last: answers[0].int(row, 3),
          version: answers[0].int(row, 4)!))
    }
    let versions = streams.enumerated().map { ($1, answers[1].int($0, 0) ?? 0) }
    return (found, Dictionary(uniqueKeysWithValues: versions))
  }

  private static let findStatement = findStatement("log.find_commands")
  private static let findLockedStatement = findStatement("log.find_commands_locked")

  private static func findStatement(_ function: String) -> Statement {
    Statement(
      """
      SELECT ordinal, encode(command_hash, 'hex'), first_position, last_position, version
        FROM \(function)($1, $2, $3)
      """)
  }

  /// What a decision needs to know of a stream's past, as it was at a version.
  func past<Past: StreamPast>(
    of stream: StreamID, _ request: PastRequest, upTo version: Int
  ) async throws(LogFault) -> Past {
    let rows = try await rows(
      LogReader.pastStatement(
        .text(stream.category), .text(stream.id.description), .int(version),
        .array(request.commands.map(\.description)), .array(request.entities.map(\.description))))
    var past = Past(covering: request, through: version)
    for row in 0..<rows.count {
      past.add(
        PastEvent(
          version: rows.int(row, 0)!, type: rows.text(row, 1),
          data: rows[row, 2].flatMap { try? JSON.parse($0) }, commandID: UUID(rows.text(row, 3))!,
          command: rows[row, 4]))
      if row % 50 == 49 { await EventLoop.yield() }
    }
    return past
  }

  private static let pastStatement = Statement(
    "SELECT version, type, data, command_id, command FROM log.past($1, $2, $3, $4, $5)")

  /// Events of some streams after a position, in order, at most `limit`.
  package func events(of streams: [StreamID], after position: Int, limit: Int)
    async throws(LogFault)
    -> [Event]
  {
    let rows = try await rows(
      LogReader.eventsStatement(
        .array(streams.map(\.category)), .array(streams.map(\.id.description)), .int(position),
        .int(limit)))
    return (0..<rows.count).map { Event(rows, row: $0) }
  }

  /// Each stream is read from the version that it had at the position, by its own index.
  private static let eventsStatement = Statement(
    """
    SELECT \(Event.columns) FROM (
      SELECT e.* FROM unnest($1::text[], $2::uuid[]) AS u (category, stream_id)
       CROSS JOIN LATERAL log.version_at(u.category, u.stream_id, $3) AS seen (version)
       CROSS JOIN LATERAL (
         SELECT e.* FROM log.events e
          WHERE e.category = u.category AND e.stream_id = u.stream_id AND e.version > seen.version
          ORDER BY e.version LIMIT $4) e
     ORDER BY e.position LIMIT $4) AS events
    """)

  /// Checks a chunk of the log after a position: the last position read and its hash, and what is wrong.
  package func verify(after position: Int, chunk: Int) async throws(LogFault) -> LogCheck {
    let rows = try await rows(LogReader.verifyStatement(.int(position), .int(chunk)))
    var check = LogCheck(lastPosition: position, lastHash: "", problems: [])
    for row in 0..<rows.count {
      if let problem = rows[row, 3] {
        check.problems.append((rows.int(row, 2)!, problem))
      } else {
        check.lastPosition = rows.int(row, 0)!
        check.lastHash = rows.text(row, 1)
      }
    }
    return check
  }

  private static let verifyStatement = Statement(
    "SELECT last_position, encode(last_hash, 'hex'), at_position, problem FROM log.verify($1, $2)")

  func rows(_ query: Query) async throws(LogFault) -> Rows {
    do {
      return try await session.run(query, resend: .allowed)
    } catch {
      throw LogFault(reading: error)
    }
  }
}

/// What a check of a chunk of the log found.
package struct LogCheck: Sendable {
  package var lastPosition: Int
  /// Hexadecimal.
  package var lastHash: String
  package var problems: [(position: Int, problem: String)]
}

extension LogFault {
  /// Of a statement that only reads: whatever became of it, nothing was written.
  package init(reading error: PostgresError) {
    self.init(error.isUnavailable ? .unavailable : .other, error.description)
  }

  package init(_ error: PostgresError) {
    if error.isUnavailable {
      self.init(error.outcomeUnknown ? .outcomeUnknown : .unavailable, error.description)
    } else {
      self.init(error.sqlState == "PL002" ? .schemaChanged : .other, error.description)
    }
  }
}
