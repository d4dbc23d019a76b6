internal import EventLog
internal import EventLoop
internal import JSON
internal import Postgres

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

  static let columns =
    "build_id, projection, generation, schema_name, category, position, state, failure, source::text"

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
  }

  /// The folder that it was made from.
  var folder: ProjectionFolder? {
    guard let source = try? JSON.parse(source) else { return nil }
    return try? ProjectionFolder(name: projection, source: source)
  }

  /// Whose schema the fold's `batch` is found in.
  var batchSchema: String { category == nil ? "batch_all" : "batch_category" }
}

/// The engine's own tables, by the projector's role.
@EventLoop
struct BuildStore {
  let session: Session
  let locks: WorkLocks

  func all() async throws(PostgresError) -> [Build] {
    let rows = try await session.run(BuildStore.allStatement(), resend: .allowed)
    return (0..<rows.count).map { Build(rows, row: $0) }
  }

  private static let allStatement = Statement(
    "SELECT \(Build.columns) FROM projection.builds ORDER BY build_id")

  func build(_ id: Int) async throws(PostgresError) -> Build? {
    let rows = try await session.run(BuildStore.oneStatement(.int(id)), resend: .allowed)
    return rows.isEmpty ? nil : Build(rows, row: 0)
  }

  private static let oneStatement = Statement(
    "SELECT \(Build.columns) FROM projection.builds WHERE build_id = $1")

  /// Makes the tables and apply() of a folder, or says what is wrong with them by file and line.
  func create(_ folder: ProjectionFolder, state: String) async throws(BuildFailure) -> Build {
    do {
      let rows = try await session.run(
        BuildStore.createStatement(
          .text(folder.name), .text(folder.generation), .text(folder.category),
          .text(folder.source.text), .text(state)), resend: .forbidden)
      let build = Build(rows, row: 0)
      locks.took(.build, build.id)
      return build
    } catch {
      if error.isUnavailable { throw .postgres(error) }
      throw .refused(ErrorLocation(error, in: folder).refusal)
    }
  }

  private static let createStatement = Statement(
    "SELECT \(Build.columns) FROM projection.create_build($1, $2, $3, $4::jsonb, $5)")

  /// From then on other daemons know it as one in service.
  func goLive(_ build: Int) async throws(PostgresError) {
    _ = try await session.run(
      Statement("SELECT projection.go_live($1)")(.int(build)), resend: .forbidden)
    await locks.release(.build, build)
  }

  /// Takes a live build out of service and deletes it.
  func remove(_ build: Int) async throws(PostgresError) {
    _ = try await session.run(
      [BuildStore.retireStatement(.int(build)), BuildStore.dropStatement(.int(build))],
      resend: .allowed)
  }

  private static let retireStatement = Statement(
    "UPDATE projection.builds SET state = 'retired' WHERE build_id = $1")

  /// Deletes a build that is not live. Where that fails it is left to the next daemon that starts.
  func drop(_ build: Int) async {
    _ = try? await session.run(BuildStore.dropStatement(.int(build)), resend: .allowed)
    await locks.release(.build, build)
  }

  private static let dropStatement = Statement("SELECT projection.drop_build($1)")

  /// Keeps the files of a folder whose queries alone have changed.
  func setSource(_ build: Int, _ folder: ProjectionFolder) async throws(PostgresError) {
    _ = try await session.run(
      Statement("UPDATE projection.builds SET source = $2::jsonb WHERE build_id = $1")(
        .int(build), .text(folder.source.text)), resend: .allowed)
  }

  /// Deletes what interrupted jobs and swaps have left, of daemons that have ended.
  func dropAbandoned() async throws(PostgresError) {
    _ = try await session.run(
      Query(Statement("SELECT projection.drop_abandoned()")), resend: .allowed)
  }

  /// Makes what answers about other moments need for builds that were made before there were such.
  func openToMoments() async throws(PostgresError) {
    _ = try await session.run(
      Query(
        Statement(
          "SELECT projection.open_to_moments(build_id, schema_name, category) FROM projection.builds")
      ), resend: .allowed)
  }

  func setFailure(_ build: Int, _ message: String?) async throws(PostgresError) {
    _ = try await session.run(
      Statement("UPDATE projection.builds SET failure = $2 WHERE build_id = $1")(
        .int(build), .text(message)), resend: .allowed)
  }
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
