internal import EventLog
internal import EventLoop
internal import JSON
internal import Postgres
package import Scalars

/// A build of a projection: its tables in a Postgres schema of their own, folded up to a position.
package struct Build: Sendable {
  package let id: Int
  package let projection: String
  package let generation: String
  package let schemaName: String
  package let category: String?
  package var position: Int
  package var state: String
  package var failure: String?
  /// JSON text of the folder's files.
  let source: String
  /// Scopes that it does not fold; that of a projection over all streams is nil.
  package var parked: [Parked]
  /// When it was last compared with a fresh fold.
  package let proof: Proof?

  /// A scope whose events are not folded, since apply() failed at one of them.
  package struct Parked: Sendable, Equatable {
    package let scope: UUID?
    /// Of the event that it failed at.
    package let position: Int
    package let eventType: String
    package let message: String
    /// RFC 3339.
    package let parkedAt: String

    /// The line of apply.sql that failed, where the message says so.
    package var line: Int {
      guard let range = message.firstRange(of: "/apply.sql:") else { return 1 }
      return Int(message[range.upperBound...].prefix { $0.isNumber }) ?? 1
    }
  }

  /// What the last comparison with a fresh fold has found.
  package struct Proof: Sendable {
    /// RFC 3339.
    package let provedAt: String
    /// In seconds, when the build was read.
    let age: Int
    package let position: Int
    /// Nil where both were the same.
    package let problem: String?
  }

  static let columns = """
    build_id, projection, generation, schema_name, category, position, state, failure, source::text,
    (SELECT json_agg(json_build_array(scope, p.position, event_type, message, \(rfc3339("parked_at"))) ORDER BY scope)
       FROM projection.parked p WHERE p.build_id = b.build_id),
    \(rfc3339("proved_at")), proved_position, proof_problem,
    extract(epoch FROM now() - proved_at)::bigint
    """

  private static func rfc3339(_ column: String) -> String {
    "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
  }

  init(_ rows: Rows, row: Int) {
    id = rows.int(row, 0)!
    projection = rows.text(row, 1)
    generation = rows.text(row, 2)
    schemaName = rows.text(row, 3)
    category = rows[row, 4]
    position = rows.int(row, 5)!
    state = rows.text(row, 6)
    failure = rows[row, 7]
    source = rows.text(row, 8)
    parked = Build.parked(rows[row, 9])
    proof = rows[row, 10].map {
      Proof(
        provedAt: $0, age: rows.int(row, 13)!, position: rows.int(row, 11)!, problem: rows[row, 12])
    }
  }

  private static func parked(_ json: String?) -> [Parked] {
    let rows = json.flatMap { try? JSON.parse($0) }?.array ?? []
    return rows.map { row in
      Parked(
        scope: row[0]?.string.flatMap { UUID($0) }, position: row[1]?.int ?? 0,
        eventType: row[2]?.string ?? "", message: row[3]?.string ?? "",
        parkedAt: row[4]?.string ?? "")
    }
  }

  /// Why a scope's rows are not up to date, if they are not.
  func parking(of scope: UUID?) -> Parked? { parked.first { $0.scope == scope } }

  /// The folder that it was made from.
  var folder: ProjectionFolder? {
    guard let source = try? JSON.parse(source) else { return nil }
    return try? ProjectionFolder(name: projection, source: source)
  }

  /// The schema that the fold's `batch` is found in.
  var batchSchema: String {
    if category == nil { return "batch_all" }
    return parked.isEmpty ? "batch_category" : "batch_unparked"
  }

  /// The first column of its tables, that of the scope; nil where it is over all streams.
  var scopeColumn: String? { category.map { "\($0)_id" } }

  /// Whether it answers, or may soon: all of these are folded as events come.
  var isFolded: Bool { ["live", "previous", "held"].contains(state) }
}

/// The engine's own tables, by the projector's role.
@EventLoop
struct BuildStore {
  let session: Session

  func all() async throws(PostgresError) -> [Build] {
    let rows = try await session.run(BuildStore.allStatement(), resend: .allowed)
    return (0..<rows.count).map { Build(rows, row: $0) }
  }

  private static let allStatement = Statement(
    "SELECT \(Build.columns) FROM projection.builds AS b ORDER BY build_id")

  func build(_ id: Int) async throws(PostgresError) -> Build? {
    let rows = try await session.run(BuildStore.oneStatement(.int(id)), resend: .allowed)
    return rows.isEmpty ? nil : Build(rows, row: 0)
  }

  private static let oneStatement = Statement(
    "SELECT \(Build.columns) FROM projection.builds AS b WHERE build_id = $1")

  /// The build that a job has begun.
  func build(ofJob job: Int) async throws(PostgresError) -> Build? {
    let rows = try await session.run(BuildStore.ofJobStatement(.int(job)), resend: .allowed)
    return rows.isEmpty ? nil : Build(rows, row: 0)
  }

  private static let ofJobStatement = Statement(
    """
    SELECT \(Build.columns) FROM projection.builds AS b
     WHERE build_id = (SELECT j.build_id FROM projection.jobs AS j WHERE j.job_id = $1)
    """)

  /// Makes the tables and apply() of a folder for a job, or says what is wrong with them by file and line.
  func create(_ folder: ProjectionFolder, state: String, job: Int)
    async throws(BuildFailure) -> Build
  {
    do {
      let creation = BuildStore.creation(of: folder, state: state, job: job)
      return Build(try await session.run(creation, resend: .forbidden), row: 0)
    } catch {
      if error.isUnavailable { throw .postgres(error) }
      throw .refused(ErrorLocation(error, in: folder).refusal)
    }
  }

  static func creation(of folder: ProjectionFolder, state: String, job: Int?) -> Query {
    createStatement(
      .text(folder.name), .text(folder.generation), .text(folder.category),
      .text(folder.source.text), .text(state), .int(job))
  }

  private static let createStatement = Statement(
    "SELECT \(Build.columns) FROM projection.create_build($1, $2, $3, $4::jsonb, $5, $6) AS b")

  /// From then on other daemons know it as the one that answers.
  func goLive(_ build: Int) async throws(PostgresError) {
    _ = try await session.run(
      Statement("SELECT projection.go_live($1)")(.int(build)), resend: .forbidden)
  }

  func setState(_ build: Int, _ state: String) async throws(PostgresError) {
    _ = try await session.run(
      BuildStore.stateStatement(.int(build), .text(state)), resend: .allowed)
  }

  private static let stateStatement = Statement(
    "UPDATE projection.builds SET state = $2 WHERE build_id = $1")

  /// Keeps a build for a swap, in the place of one that was kept before.
  func hold(_ build: Int) async throws(PostgresError) {
    _ = try await session.run(
      [
        Query(
          Statement(
            """
            UPDATE projection.builds SET state = 'retired'
             WHERE state = 'held'
               AND projection = (SELECT b.projection FROM projection.builds b WHERE b.build_id = $1)
            """), [.int(build)]), BuildStore.stateStatement(.int(build), "held"),
      ], resend: .allowed)
  }

  /// Takes a build out of service and deletes it.
  func remove(_ build: Int) async throws(PostgresError) {
    _ = try await session.run(
      [
        BuildStore.stateStatement(.int(build), "retired"),
        BuildStore.dropStatement(.int(build)),
      ], resend: .allowed)
  }

  /// Deletes a build that is not live. Where that fails it is left to the next daemon that starts.
  func drop(_ build: Int) async {
    _ = try? await session.run(BuildStore.dropStatement(.int(build)), resend: .allowed)
  }

  private static let dropStatement = Statement("SELECT projection.drop_build($1)")

  /// Keeps the files of a folder whose queries alone have changed.
  func setSource(_ build: Int, _ folder: ProjectionFolder) async throws(PostgresError) {
    _ = try await session.run(
      Statement("UPDATE projection.builds SET source = $2::jsonb WHERE build_id = $1")(
        .int(build), .text(folder.source.text)), resend: .allowed)
  }

  /// Deletes what interrupted jobs and swaps have left.
  func dropAbandoned() async throws(PostgresError) {
    _ = try await session.run(
      Query(Statement("SELECT projection.drop_abandoned()")), resend: .allowed)
  }

  /// Makes what answers about other moments need for builds that were made before there were such.
  func openToMoments() async throws(PostgresError) {
    _ = try await session.run(
      Query(
        Statement(
          "SELECT projection.open_to_moments(build_id, schema_name, category) FROM projection.builds"
        )
      ), resend: .allowed)
  }

  func setFailure(_ build: Int, _ message: String?) async throws(PostgresError) {
    _ = try await session.run(
      Statement("UPDATE projection.builds SET failure = $2 WHERE build_id = $1")(
        .int(build), .text(message)), resend: .allowed)
  }

  /// The checkpoints of all builds, by id.
  func positions() async throws(PostgresError) -> [Int: Int] {
    let rows = try await session.run(BuildStore.positionsStatement(), resend: .allowed)
    return Dictionary(
      uniqueKeysWithValues: (0..<rows.count).map { (rows.int($0, 0)!, rows.int($0, 1)!) })
  }

  private static let positionsStatement = Statement(
    "SELECT build_id, position FROM projection.builds")

  /// Folds no more events of the scope of the one at a position, from that one on.
  func park(_ build: Int, at position: Int, _ message: String) async throws(PostgresError) {
    _ = try await session.run(
      BuildStore.parkStatement(.int(build), .int(position), .text(message)), resend: .allowed)
  }

  private static let parkStatement = Statement("SELECT projection.park($1, $2, $3)")

  /// Lets a projection over all streams be folded on from where it stands.
  func unpark(_ build: Int) async throws(PostgresError) {
    _ = try await session.run(
      Statement("DELETE FROM projection.parked WHERE build_id = $1 AND scope IS NULL")(.int(build)),
      resend: .allowed)
  }

  /// Notes why a parked scope could still not be folded.
  func setParked(_ build: Int, _ scope: UUID, _ message: String) async throws(PostgresError) {
    _ = try await session.run(
      Statement("UPDATE projection.parked SET message = $3 WHERE build_id = $1 AND scope = $2")(
        .int(build), .text(scope.description), .text(message)), resend: .allowed)
  }

  /// A stream of which events were erased.
  struct Erasure: Sendable {
    let category: String
    let stream: UUID
    let erasedAt: String
  }

  /// Those that views may still show.
  func erasures() async throws(PostgresError) -> [Erasure] {
    let rows = try await session.run(BuildStore.erasuresStatement(), resend: .allowed)
    return (0..<rows.count).map {
      Erasure(
        category: rows.text($0, 0), stream: UUID(rows.text($0, 1))!, erasedAt: rows.text($0, 2))
    }
  }

  private static let erasuresStatement = Statement(
    "SELECT category, stream_id, erased_at FROM projection.erasures")

  /// No view shows it any more, unless there was another one meanwhile.
  func settle(_ erasure: Erasure) async throws(PostgresError) {
    _ = try await session.run(
      BuildStore.settleStatement(
        .text(erasure.category), .text(erasure.stream.description), .text(erasure.erasedAt)),
      resend: .allowed)
  }

  private static let settleStatement = Statement(
    """
    DELETE FROM projection.erasures
     WHERE category = $1 AND stream_id = $2 AND erased_at = $3::timestamptz
    """)

  /// Notes that a build was compared with a fresh fold at a position, and what was wrong.
  func setProof(_ build: Int, position: Int, problem: String?) async throws(PostgresError) {
    _ = try await session.run(
      BuildStore.proofStatement(.int(build), .int(position), .text(problem)), resend: .allowed)
  }

  private static let proofStatement = Statement(
    """
    UPDATE projection.builds SET proved_at = now(), proved_position = $2, proof_problem = $3
     WHERE build_id = $1
    """)
}

/// Why a build could not be made.
enum BuildFailure: Error {
  case refused(ProjectionRefusal)
  case postgres(PostgresError)
}

/// Finds the file and line of a folder that an error of Postgres is about.
struct ErrorLocation {
  let refusal: ProjectionRefusal

  init(_ error: PostgresError, in folder: ProjectionFolder) {
    let context = error.context ?? ""
    var file = "table.sql"
    var line = 1
    if let applyLine = ErrorLocation.applyLine(context) {
      file = "apply.sql"
      line = applyLine
    } else if let query = error.internalQuery, query.contains(folder.applySQL) {
      // The body of apply(), which starts on the file's first line.
      file = "apply.sql"
    }
    if let query = error.internalQuery, let position = error.internalPosition {
      line += ErrorLocation.line(position, query) - 1
    }
    refusal = ProjectionRefusal(
      projection: folder.name, file: file, line: line, message: error.description)
  }

  /// The line of `PL/pgSQL function … apply() line 12 at SQL statement`.
  private static func applyLine(_ context: String) -> Int? {
    for line in context.split(separator: "\n") where line.contains("apply() line ") {
      return number(after: "apply() line ", String(line))
    }
    return nil
  }

  private static func number(after marker: String, _ text: String) -> Int? {
    guard let range = text.firstRange(of: marker) else { return nil }
    return Int(text[range.upperBound...].prefix { $0.isNumber })
  }

  /// The line, from 1, of a character position, from 1.
  private static func line(_ position: Int, _ text: String) -> Int {
    1 + text.unicodeScalars.prefix(max(0, position - 1)).count { $0 == "\n" }
  }
}
