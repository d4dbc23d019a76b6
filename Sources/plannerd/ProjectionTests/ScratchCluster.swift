import EventLog
import EventLoop
import Files
import Glibc
import Postgres

/// A Postgres for one run of tests, in a folder that is deleted at the end. It does not outlive this process, however
/// that ends; the folder of a run that was killed is deleted by the next.
@EventLoop
final class ScratchCluster {
  private let folder: String
  private let cluster: PrivateCluster
  private let lock: Int32
  private(set) var schemaVersion = 0
  private var databases = 0

  private static let prefix = "plannerd-test-\(geteuid())-"

  /// Makes the folder; the cluster is made by `start`.
  init() async throws {
    let parent = Files.absolute(Environment.value("TMPDIR") ?? "/tmp") ?? "/tmp"
    await ScratchCluster.sweep(parent)
    folder = "\(parent)/\(ScratchCluster.prefix)\(getpid())"
    try Files.makeFolder(folder)
    guard let lock = try Files.lock("\(folder)/lock") else {
      throw StartError("\(folder) is in use")
    }
    self.lock = lock
    cluster = try await PrivateCluster(
      folder: folder,
      settings: [
        "fsync": "off", "full_page_writes": "off", "wal_level": "'minimal'", "max_wal_senders": "0",
        "shared_buffers": "'64MB'", "autovacuum": "off",
      ], log: { Log.line($0) })
  }

  /// Makes and starts the cluster, with the schema in a database that those of the tests are copied from.
  func start(schema: String) async throws {
    try await cluster.start()
    let connection = try await Connection.open(
      cluster.connectionInfo(role: PrivateCluster.superuser))
    defer { connection.close() }
    schemaVersion = try await Migrator.migrate(connection, folder: schema)
    for role in PrivateCluster.loginRoles {
      try await connection.runScript("ALTER ROLE \(role) LOGIN")
    }
  }

  /// A new database with the schema and an empty log.
  func database() async throws(PostgresError) -> String {
    databases += 1
    let name = "test_\(databases)"
    let connection = try await Connection.open(
      cluster.connectionInfo(role: PrivateCluster.superuser, database: "postgres"))
    defer { connection.close() }
    try await connection.runScript("CREATE DATABASE \(name) TEMPLATE plannerd")
    // A database's own grants are not copied from its template.
    try await connection.runScript("GRANT CREATE ON DATABASE \(name) TO plannerd_project")
    return name
  }

  func info(_ role: String, _ database: String) -> ConnectionInfo {
    cluster.connectionInfo(role: role, database: database)
      .setting("options", Database.settings[role] ?? "")
  }

  /// Ends the cluster and deletes all of it.
  func remove() async {
    // At once, without the checkpoint that nobody will read; `stop` waits for its end.
    if let process = cluster.processID { kill(process, SIGQUIT) }
    await cluster.stop()
    await ScratchCluster.delete(Files.folder(of: cluster.files.data))
    await ScratchCluster.delete(folder)
    close(lock)
  }

  /// Deletes what runs that were killed have left; their Postgres ended with them.
  private static func sweep(_ parent: String) async {
    for name in (try? Files.list(parent)) ?? [] where name.hasPrefix(prefix) {
      let folder = "\(parent)/\(name)"
      guard Files.owner(of: folder)?.uid == geteuid(), Files.exists("\(folder)/lock"),
        let lock = try? Files.lock("\(folder)/lock")
      else { continue }
      let elsewhere = (try? Files.read("\(folder)/postgres-location"))?.split(separator: "\n").first
      if let elsewhere, elsewhere.hasPrefix("/var/lib/plannerd/") {
        await delete(String(elsewhere))
      }
      await delete(folder)
      close(lock)
    }
  }

  private static func delete(_ folder: String) async {
    let options = ChildProcess.Options(["/bin/rm", "-rf", "--", folder])
    _ = try? await ChildProcess(options).wait()
  }
}
