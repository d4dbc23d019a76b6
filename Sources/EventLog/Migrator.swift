package import EventLoop
internal import Files
package import Postgres

/// Why the schema could not be brought up to date.
package struct MigrationError: Error, CustomStringConvertible {
  package let description: String
  /// A migration of another database of the cluster was at the same roles at the same moment: nothing has been
  /// done, and the same again will succeed.
  let isRace: Bool

  init(_ description: String, isRace: Bool = false) {
    self.description = description
    self.isRace = isRace
  }
}

/// Brings a database's schema up to what the files of `schema/` say.
///
/// `migrations/` are numbered, run once each, in order, and never edited; the other folders hold one file for
/// each function, view and trigger, applied again when it changes. All happens in one transaction under
/// an advisory lock, so that of two daemons that start at once one finds the work done.
@EventLoop
package struct Migrator {
  /// The files of a schema folder.
  private struct SchemaFiles {
    var migrations: [(number: Int, name: String, sql: String)] = []
    /// Path below the folder and text, in the order of application.
    var objects: [(path: String, sql: String)] = []
    var bootstrap = ""
  }

  /// Views need functions, and triggers both. Within a folder files are applied by name.
  private static let objectFolders = ["functions", "views", "triggers"]

  /// The newest migration that this program was written for: a folder of another age has functions that the program
  /// does not know.
  package nonisolated static let newest = 8

  /// Migrates, over a connection of a superuser, or of a role that may create roles and owns the database.
  /// Gives the number of the newest migration: the version of the schema.
  package static func migrate(
    _ connection: Connection, folder: String, newest: Int = Migrator.newest
  ) async throws(MigrationError) -> Int {
    let files = try read(folder)
    guard files.migrations.last?.number == newest else {
      throw MigrationError(
        "\(folder) ends with migration \(files.migrations.last?.number ?? 0), and this plannerd was made for \(newest)"
      )
    }
    var backoff = Backoff()
    for _ in 0..<30 {
      do throws(MigrationError) {
        return try await migrate(connection, files)
      } catch {
        guard error.isRace else { throw error }
        await EventLoop.sleep(backoff.next())
      }
    }
    return try await migrate(connection, files)
  }

  private static func migrate(_ connection: Connection, _ files: SchemaFiles)
    async throws(MigrationError) -> Int
  {
    do {
      // Names are qualified everywhere, and nobody else's operators come in; bodies of SQL functions may name what a
      // later file makes.
      try await connection.runScript(
        "BEGIN; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL check_function_bodies = off")
      try await connection.runScript("SELECT pg_advisory_xact_lock(7310868735421)")
      try await connection.runScript(files.bootstrap)
      try await runMigrations(files, connection)
      try await applyObjects(files, connection)
      try await connection.runScript("COMMIT")
    } catch let error as MigrationError {
      try? await connection.runScript("ROLLBACK")
      throw error
    } catch {
      try? await connection.runScript("ROLLBACK")
      throw MigrationError("schema: \(error)")
    }
    return files.migrations.last?.number ?? 0
  }

  private static func runMigrations(_ files: SchemaFiles, _ connection: Connection) async throws {
    let rows = try await connection.run([
      Query(Statement("SELECT number, name, sha256 FROM migrator.migrations ORDER BY number"))
    ])[0]
    let newest = files.migrations.last?.number ?? 0
    var applied: Set<Int> = []
    for row in 0..<rows.count {
      let number = rows.int(row, 0)!
      let name = rows.text(row, 1)
      guard let file = files.migrations.first(where: { $0.number == number }) else {
        throw MigrationError(
          "the database's schema is newer than this plannerd: it has migration \(number) (\(name)), the newest known here is \(newest)"
        )
      }
      guard Hashing.hex(Hashing.sha256(Array(file.sql.utf8))) == rows.text(row, 2) else {
        throw MigrationError(
          "migration \(file.name) was edited after it had been applied; add a new one instead")
      }
      applied.insert(number)
    }
    for file in files.migrations where !applied.contains(file.number) {
      try await run(file.sql, from: "migrations/\(file.name)", connection)
      let record = Statement(
        "INSERT INTO migrator.migrations (number, name, sha256) VALUES ($1, $2, $3)")
      let hash = Hashing.hex(Hashing.sha256(Array(file.sql.utf8)))
      _ = try await connection.run([record(.int(file.number), .text(file.name), .text(hash))])
    }
  }

  private static func applyObjects(_ files: SchemaFiles, _ connection: Connection) async throws {
    let rows = try await connection.run([
      Query(Statement("SELECT path, sha256 FROM migrator.objects"))
    ])[0]
    let known = Dictionary(
      uniqueKeysWithValues: (0..<rows.count).map { (rows.text($0, 0), rows.text($0, 1)) })
    let record = Statement(
      """
      INSERT INTO migrator.objects (path, sha256) VALUES ($1, $2)
      ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256
      """)
    for object in files.objects {
      let hash = Hashing.hex(Hashing.sha256(Array(object.sql.utf8)))
      if known[object.path] == hash { continue }
      try await connection.runScript("SET LOCAL ROLE plannerd_owner")
      try await run(object.sql, from: object.path, connection)
      try await connection.runScript("RESET ROLE")
      _ = try await connection.run([record(.text(object.path), .text(hash))])
    }
  }

  private static func run(_ sql: String, from path: String, _ connection: Connection) async throws {
    do {
      try await connection.runScript(sql)
    } catch {
      throw MigrationError("schema/\(path): \(error)", isRace: error.isRaceForRoles)
    }
  }

  private static func read(_ folder: String) throws(MigrationError) -> SchemaFiles {
    do {
      var files = SchemaFiles()
      files.bootstrap = try Files.read("\(folder)/bootstrap.sql")
      for name in try Files.list("\(folder)/migrations") where name.hasSuffix(".sql") {
        guard let number = Int(name.prefix(4)) else {
          throw MigrationError(
            "schema/migrations/\(name): a migration's name starts with four digits")
        }
        files.migrations.append((number, name, try Files.read("\(folder)/migrations/\(name)")))
      }
      for kind in objectFolders {
        // Everything else is built on the log.
        let owners = try Files.list("\(folder)/\(kind)").sorted { $0 == "log" && $1 != "log" }
        for owner in owners {
          for name in try Files.list("\(folder)/\(kind)/\(owner)") where name.hasSuffix(".sql") {
            let path = "\(kind)/\(owner)/\(name)"
            files.objects.append((path, try Files.read("\(folder)/\(path)")))
          }
        }
      }
      return files
    } catch let error as MigrationError {
      throw error
    } catch {
      throw MigrationError("schema: \(error)")
    }
  }
}

extension PostgresError {
  /// Roles belong to all databases of a cluster, and advisory locks to one: two migrations that make or grant
  /// the same role at once fail in one of these ways.
  fileprivate var isRaceForRoles: Bool {
    switch sqlState {
    case "XX000": message.contains("concurrently")
    case "23505": message.contains("pg_auth")
    case "42710": message.contains("role")
    default: false
    }
  }
}
