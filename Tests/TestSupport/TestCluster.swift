internal import EventLog
package import EventLoop
internal import Files
internal import Glibc
package import Postgres

/// A throwaway Postgres for the tests of one process: real, but for `fsync`, so that it is quick. It ends with
/// the process.
@EventLoop
package enum TestCluster {
  private static var starting: Task<PrivateCluster, any Error>?
  private static var databases = 0
  package private(set) static var schemaVersion = 0

  /// The folder that all files of this test run are in.
  package static let folder: String = {
    let path = "\(Environment.value("TMPDIR") ?? "/tmp")/plannerd-tests-\(getpid())"
    try? Files.makeFolder(path)
    return path
  }()

  /// The root of the checkout: the nearest folder above the tests' executable that holds `schema`.
  package nonisolated static let checkout: String = {
    var folder = Files.folder(of: Files.executable)
    while !Files.isFolder("\(folder)/schema"), folder != "/" { folder = Files.folder(of: folder) }
    return folder
  }()

  package static func cluster() async throws -> PrivateCluster {
    if let starting { return try await starting.value }
    let task = Task { @EventLoop in
      let cluster = try await PrivateCluster(
        folder: folder,
        settings: ["fsync": "off", "shared_buffers": "'128MB'", "max_connections": "1000"],
        log: { print($0) })
      try await cluster.start()
      try await migrate(cluster)
      return cluster
    }
    starting = task
    return try await task.value
  }

  /// A cluster with the schema for one test alone, which stops it.
  package static func ownCluster(_ name: String, settings: [String: String]) async throws
    -> TestDatabase
  {
    let path = "\(folder)/\(name)"
    try Files.makeFolder(path)
    let cluster = try await PrivateCluster(
      folder: path,
      settings: ["fsync": "off", "shared_buffers": "'32MB'"].merging(settings) { $1 },
      log: { print($0) })
    try await cluster.start()
    try await migrate(cluster)
    return TestDatabase(cluster: cluster, name: "plannerd")
  }

  private static func migrate(_ cluster: PrivateCluster) async throws(ClusterError) {
    do {
      let connection = try await Connection.open(
        cluster.connectionInfo(role: PrivateCluster.superuser))
      schemaVersion = try await Migrator.migrate(connection, folder: "\(checkout)/schema")
      for role in PrivateCluster.loginRoles {
        try await connection.runScript("ALTER ROLE \(role) LOGIN")
      }
      connection.close()
    } catch {
      throw ClusterError("\(error)")
    }
  }

  /// A database of its own for a test, with the schema, made from the template.
  package static func database() async throws -> TestDatabase {
    try await database(from: "plannerd")
  }

  /// A database without anything in it.
  package static func emptyDatabase() async throws -> TestDatabase {
    try await database(from: "template1")
  }

  private static func database(from template: String) async throws -> TestDatabase {
    let cluster = try await cluster()
    databases += 1
    let name = "test_\(databases)"
    let connection = try await Connection.open(
      cluster.connectionInfo(role: PrivateCluster.superuser, database: "postgres"))
    try await connection.runScript("CREATE DATABASE \(name) TEMPLATE \(template)")
    // A database's own grants are not copied from its template.
    try await connection.runScript("GRANT CREATE ON DATABASE \(name) TO plannerd_project")
    connection.close()
    return TestDatabase(cluster: cluster, name: name)
  }
}

/// A database of the throwaway cluster.
@EventLoop
package struct TestDatabase {
  package let cluster: PrivateCluster
  package let name: String

  /// As `--database` takes it.
  package var url: String {
    "postgresql:///\(name)?host=\(cluster.files.socketFolder)&user=\(PrivateCluster.superuser)"
  }

  package func info(_ role: String) -> ConnectionInfo {
    cluster.connectionInfo(role: role, database: name)
  }

  package func connect(_ role: String = PrivateCluster.superuser) async throws -> Connection {
    try await Connection.open(info(role))
  }

  /// A session that is being connected.
  package func session(_ role: String) -> Session {
    let session = Session(info(role))
    session.start()
    return session
  }
}
