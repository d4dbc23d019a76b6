import EventLog
import EventLoop
import Postgres
import TestSupport
import Testing

@Suite struct SchemaTests {
  @Test @EventLoop func `migrating again changes nothing`() async throws {
    let database = try await TestCluster.database()
    let connection = try await database.connect()
    let version = try await Migrator.migrate(connection, folder: "\(TestCluster.checkout)/schema")
    #expect(version == TestCluster.schemaVersion)
  }
}
