internal import EventLoop
internal import JSON
internal import Postgres
internal import Scalars

/// Finds the events at which rows changed, and what they were before and after.
///
/// It folds the rows at chosen versions and compares. Those are, from the newest back, the ones before and after each event
/// whose data mention the key of a row. Where a row differs between two of them that are further apart, it halves the
/// stretch until the event is found, so that an event that names no key is found as well. What it can miss is a change that
/// is exactly undone within the same stretch, both by events that do not mention the row's key.
@EventLoop
struct Tracer {
  /// A SELECT whose rows are traced, in a build's own table names.
  struct Subject: Sendable {
    let build: Build
    let scope: UUID?
    let select: String
    let parameterTypes: [UInt32]
    let parameters: [Parameter]
    /// The columns whose values make a row's key.
    let key: [String]
  }

  /// A row at an event.
  struct Change: Sendable {
    let key: String
    /// Of the event, in the scope's stream; of a build over all streams its position.
    let version: Int
    /// JSON text; nil where there was no row.
    let before: String?
    let after: String?
  }

  let sessions: [Session]
  let pool: SandboxPool
  /// Fires when nobody waits for the answer any more.
  let abandoned: Signal?

  /// Between the values of a key of several columns.
  nonisolated static let separator = "\u{1f}"
  /// How many events that mention a key are looked at in one go.
  private static let batch = 12
  /// How long it searches.
  private nonisolated static let patience = Duration.seconds(15)

  // MARK: Rows

  /// The rows of some keys, or of all, at some versions in rising order: JSON text by key.
  func rows(_ subject: Subject, at versions: [Int], keys: [String]? = nil)
    async throws(PostgresError) -> [[String: String]]
  {
    var answers: [[String: String]] = []
    let places = try await places(subject, versions)
    var first = 0
    while first < places.count {
      // All that begin at the same snapshot are folded on from one another.
      let snapshot = places[first].snapshot
      let last = places[first...].firstIndex { $0.snapshot != snapshot } ?? places.count
      let part = try await fold(
        subject, from: snapshot, at: places[first..<last].map { ($0.version, $0.position) },
        look(subject, keys))
      for rows in part { answers.append(Tracer.dictionary(rows)) }
      first = last
    }
    return answers
  }

  private func fold(
    _ subject: Subject, from snapshot: Snapshot?, at places: [(version: Int, position: Int)],
    _ look: Query
  ) async throws(PostgresError) -> [Rows] {
    try await pool.with(subject.build) { sandbox throws(PostgresError) in
      if let rows = try await sandbox.run(
        scope: subject.scope, from: snapshot, at: places, look, abandoned: abandoned)
      {
        return rows
      }
      // The snapshot was deleted meanwhile.
      return try await sandbox.run(
        scope: subject.scope, from: nil, at: places, look, abandoned: abandoned)!
    }
  }

  /// A version, where it is in the log, and the nearest snapshot at it or before.
  private struct Place {
    let version: Int
    let position: Int
    let snapshot: Snapshot?
  }

  private func places(_ subject: Subject, _ versions: [Int]) async throws(PostgresError) -> [Place]
  {
    let rows = try await ViewReader.idlest(sessions).run(
      Tracer.placesStatement(
        .int(subject.build.id), .text((subject.scope ?? SandboxStatements.allStreams).description),
        .array(versions)), resend: .allowed)
    return (0..<rows.count).map { row in
      let snapshot = rows.int(row, 2).map {
        Snapshot(id: $0, baseID: rows.int(row, 3)!, version: rows.int(row, 4)!)
      }
      return Place(
        version: rows.int(row, 0)!, position: rows.int(row, 1)!, snapshot: snapshot)
    }
  }

  private static let placesStatement = Statement(
    """
    SELECT wanted.version, coalesce(e.position, 0), s.snapshot_id, coalesce(s.base_id, s.snapshot_id),
           s.version
      FROM unnest($3::bigint[]) AS wanted (version)
      LEFT JOIN (SELECT DISTINCT version, position FROM projection.envelopes($1, $2, $3)) AS e
           USING (version)
      LEFT JOIN LATERAL (
        SELECT s.* FROM projection.snapshots s
         WHERE s.build_id = $1 AND s.scope = $2 AND s.version <= wanted.version
         ORDER BY s.version DESC LIMIT 1) s ON true
     ORDER BY wanted.version
    """)

  /// The query that gives a subject's rows of some keys, or all.
  func look(_ subject: Subject, _ keys: [String]?) -> Query {
    let columns = subject.key.map { "coalesce(q.\(quoted($0))::text, '')" }
    let key = "concat_ws(E'\\x1f', \(columns.joined(separator: ", ")))"
    let count = subject.parameterTypes.count
    let condition = keys == nil ? "" : "WHERE \(key) = ANY ($\(count + 1)::text[])"
    let statement = Statement(
      "SELECT \(key), row_to_json(q)::text FROM (\(subject.select)\n) AS q \(condition)",
      parameterTypes: subject.parameterTypes
        + (keys == nil ? [] : [ValueType.texts.objectID]))
    return Query(statement, subject.parameters + (keys.map { [.array($0)] } ?? []))
  }

  /// Of rows with the same key the one whose text comes first.
  static func dictionary(_ rows: Rows) -> [String: String] {
    var found: [String: String] = [:]
    for row in 0..<rows.count {
      found.merge([(rows.text(row, 0), rows.text(row, 1))]) { min($0, $1) }
    }
    return found
  }

  // MARK: Changes

  /// A search that goes on from the newest versions to the oldest.
  private struct Search {
    /// The keys of which changes are still looked for.
    var open: [String]
    let limit: Int
    let deadline = ContinuousClock().now + Tracer.patience
    let counts: (Change) -> Bool
    var found: [Change] = []
    var isComplete = true

    mutating func add(_ change: Change) {
      guard counts(change) else { return }
      found.append(change)
      if found.count(where: { $0.key == change.key }) >= limit {
        open.removeAll { $0 == change.key }
        isComplete = false
      }
    }
  }

  /// The newest changes of rows in a stretch of versions, for each key at most so many, newest first; and whether these
  /// are all there are, which is not known where a limit was reached.
  func changes(
    of keys: [String], _ subject: Subject, after: Int, upTo: Int, limit: Int,
    where counts: @escaping (Change) -> Bool = { _ in true }
  ) async throws(PostgresError) -> (changes: [Change], isComplete: Bool) {
    var search = Search(open: keys, limit: limit, counts: counts)
    var upper = upTo
    while upper > after, goesOn(&search) {
      let mentions = try await mentions(of: search.open, subject, after: after, upTo: upper)
      let lower = mentions.count < Tracer.batch ? after : mentions.last! - 1
      let points = Set(mentions.flatMap { [$0 - 1, $0] } + [lower, upper]).sorted()
      try await look(between: points, subject, &search)
      upper = lower
    }
    return (search.found, search.isComplete)
  }

  private func goesOn(_ search: inout Search) -> Bool {
    if ContinuousClock().now > search.deadline || abandoned?.hasFired == true {
      search.isComplete = false
      return false
    }
    return !search.open.isEmpty
  }

  /// Compares the rows at versions in rising order, the newest first.
  private func look(between points: [Int], _ subject: Subject, _ search: inout Search)
    async throws(PostgresError)
  {
    let rows = try await rows(subject, at: points, keys: search.open)
    try await narrow(points, rows, subject, &search)
  }

  private func narrow(
    _ points: [Int], _ rows: [[String: String]], _ subject: Subject, _ search: inout Search
  ) async throws(PostgresError) {
    for index in points.indices.dropLast().reversed() where goesOn(&search) {
      let (begin, end) = (points[index], points[index + 1])
      let (before, after) = (rows[index], rows[index + 1])
      let differing = search.open.filter { before[$0] != after[$0] }
      if differing.isEmpty { continue }
      guard end - begin > 1 else {
        for key in differing {
          search.add(Change(key: key, version: end, before: before[key], after: after[key]))
        }
        continue
      }
      let inner = Tracer.cuts(begin, end)
      let between = try await self.rows(subject, at: inner, keys: search.open)
      try await narrow([begin] + inner + [end], [before] + between + [after], subject, &search)
    }
  }

  /// A long stretch is halved; a short one is folded as a whole anyway, so that it is cut into eight.
  private static func cuts(_ begin: Int, _ end: Int) -> [Int] {
    let parts = end - begin > 512 ? 2 : 8
    let cuts = (1..<parts).map { begin + (end - begin) * $0 / parts }
    return Set(cuts).subtracting([begin, end]).sorted()
  }

  /// The newest events that mention one of the keys' values, the newest first.
  private func mentions(of keys: [String], _ subject: Subject, after: Int, upTo: Int)
    async throws(PostgresError) -> [Int]
  {
    let words = Set(keys.flatMap { $0.split(separator: Tracer.separator) }.map { String($0) })
    if words.isEmpty { return [] }
    let rows = try await ViewReader.idlest(sessions).run(
      Tracer.mentionsStatement(
        .int(subject.build.id), .text((subject.scope ?? SandboxStatements.allStreams).description),
        .array(words.sorted()), .int(after), .int(upTo), .int(Tracer.batch)), resend: .allowed)
    return (0..<rows.count).map { rows.int($0, 0)! }
  }

  private static let mentionsStatement = Statement(
    "SELECT version FROM projection.mentions($1, $2, $3, $4, $5, $6)")

  /// Who wrote the events at versions, when and by which command, as the members of the type RowChange that say so.
  func envelopes(_ subject: Subject, _ versions: [Int]) async throws(PostgresError) -> [Int:
    JSONObject]
  {
    let rows = try await ViewReader.idlest(sessions).run(
      Tracer.envelopesStatement(
        .int(subject.build.id), .text((subject.scope ?? SandboxStatements.allStreams).description),
        .array(versions)), resend: .allowed)
    var envelopes: [Int: JSONObject] = [:]
    for row in 0..<rows.count {
      func instant(_ column: Int) -> JSON {
        .string(Instant(microseconds: rows.int(row, column)!).description)
      }
      envelopes[rows.int(row, 0)!] = [
        "position": .int(rows.int(row, 1)!), "type": .string(rows.text(row, 2)),
        "commandId": .string(rows.text(row, 3)), "personId": .string(rows.text(row, 4)),
        "uid": .int(rows.int(row, 5)!), "pid": .int(rows.int(row, 6)!), "recordedAt": instant(7),
        "occurredAt": instant(8),
      ]
    }
    return envelopes
  }

  private static let envelopesStatement = Statement(
    """
    SELECT version, position, type, command_id, person_id, uid, pid, recorded_at, occurred_at
      FROM projection.envelopes($1, $2, $3)
    """)
}
