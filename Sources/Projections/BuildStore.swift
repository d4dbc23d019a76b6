internal import EventLoop
internal import JSON
internal import Postgres
internal import Scalars

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
      .array(folder.series.map { $0 }), .text(folder.source.text), .text(state), .int(job))
  }

  private static let createStatement = Statement(
    "SELECT \(Build.columns) FROM projection.create_build($1, $2, $3, $4, $5::jsonb, $6, $7) AS b")

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
