import EventLog
import EventLoop
import Files
import Postgres
import TestSupport
import Testing

@Suite(.clusterTurns) struct SchemaTests {
  private static let folder = "\(TestCluster.checkout)/schema"

  @Test @EventLoop func `migrating again changes nothing`() async throws {
    let connection = try await TestCluster.database().connect()
    #expect(
      try await Migrator.migrate(connection, folder: Self.folder) == TestCluster.schemaVersion)
  }

  @Test @EventLoop func `two that start at once migrate once`() async throws {
    let database = try await TestCluster.emptyDatabase()
    let tasks = (0..<4).map { _ in
      Task { @EventLoop in
        try await Migrator.migrate(try await database.connect(), folder: Self.folder)
      }
    }
    for task in tasks { #expect(try await task.value == TestCluster.schemaVersion) }
    let rows = try await database.connect().run([
      Query(Statement("SELECT count(*) FROM migrator.migrations"))
    ])[0]
    #expect(rows.int(0, 0) == TestCluster.schemaVersion)
  }

  /// A copy of the schema folder that a test may change.
  @EventLoop private func copy(_ name: String) throws -> String {
    let folder = "\(TestCluster.folder)/schema-\(name)"
    try PlannerFixture.copy(Self.folder, to: folder)
    return folder
  }

  @Test @EventLoop func `a migration that was edited is refused`() async throws {
    let connection = try await TestCluster.database().connect()
    let folder = try copy("edited")
    let path = "\(folder)/migrations/0002_log.sql"
    try Files.write(try Files.read(path) + "\n-- edited\n", to: path)
    let error = await #expect(throws: MigrationError.self) {
      try await Migrator.migrate(connection, folder: folder)
    }
    #expect(error?.description.contains("0002_log.sql was edited") == true)
  }

  @Test @EventLoop func `a schema newer than the files is refused`() async throws {
    let connection = try await TestCluster.database().connect()
    let folder = try copy("newer")
    try Files.write("CREATE TABLE log.later (x int);\n", to: "\(folder)/migrations/0099_later.sql")
    #expect(try await Migrator.migrate(connection, folder: folder, newest: 99) == 99)
    let error = await #expect(throws: MigrationError.self) {
      try await Migrator.migrate(connection, folder: Self.folder)
    }
    #expect(error?.description.contains("newer") == true)
  }

  @Test @EventLoop func `a folder of another age than the program is refused`() async throws {
    let connection = try await TestCluster.emptyDatabase().connect()
    let folder = try copy("other-age")
    try Files.write("SELECT 1;\n", to: "\(folder)/migrations/0099_later.sql")
    let error = await #expect(throws: MigrationError.self) {
      try await Migrator.migrate(connection, folder: folder)
    }
    #expect(error?.description.contains("ends with migration 99") == true)
  }

  @Test @EventLoop func `a failing migration leaves nothing behind`() async throws {
    let connection = try await TestCluster.database().connect()
    let folder = try copy("failing")
    try Files.write(
      "CREATE TABLE log.half (x int);\nSELECT nonsense;\n", to: "\(folder)/migrations/0099_bad.sql")
    let error = await #expect(throws: MigrationError.self) {
      try await Migrator.migrate(connection, folder: folder, newest: 99)
    }
    #expect(error?.description.contains("migrations/0099_bad.sql") == true)
    let rows = try await connection.run([Query(Statement("SELECT to_regclass('log.half')"))])[0]
    #expect(rows.isNull(0, 0))
  }

  @Test @EventLoop func `a changed function is applied again`() async throws {
    let connection = try await TestCluster.database().connect()
    let folder = try copy("changed")
    let path = "\(folder)/functions/log/prune_access.sql"
    try Files.write(
      try Files.read(path) + "COMMENT ON FUNCTION log.prune_access IS 'changed';\n", to: path)
    _ = try await Migrator.migrate(connection, folder: folder)
    let rows = try await connection.run([
      Query(Statement("SELECT obj_description('log.prune_access'::regproc)"))
    ])[0]
    #expect(rows[0, 0] == "changed")
  }

  @Test @EventLoop func `every function pins its search path and is not for the public`()
    async throws
  {
    let planner = try await PlannerFixture()
    let connection = try await planner.database.connect()
    let rows = try await connection.run([
      Query(
        Statement(
          """
          SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
             AND (has_function_privilege('public', p.oid, 'EXECUTE')
                  -- A body of the SQL standard's form is bound when it is made; apply() is bound by the engine.
                  OR p.prosqlbody IS NULL AND p.proname <> 'apply'
                     AND NOT coalesce(p.proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false))
          """))
    ])[0]
    #expect((0..<rows.count).map { rows.text($0, 0) } == [])
  }
}
