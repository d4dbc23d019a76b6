import EventLog
import EventLoop
import Files
import Glibc
import Postgres

/// Why the daemon cannot start.
struct StartError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// The daemon's Postgres: a private cluster, or the one that it was given.
@EventLoop
final class Database {
  private let options: Options
  private let cluster: PrivateCluster?
  /// The newest migration.
  private(set) var schemaVersion = 0
  /// The timezones that Postgres knows.
  private(set) var timezones: Set<String> = []

  init(_ options: Options) async throws(ClusterError) {
    self.options = options
    guard options.database == nil else {
      cluster = nil
      return
    }
    guard let folder = Files.absolute(options.dataFolder) else {
      throw ClusterError("\(options.dataFolder) does not exist")
    }
    cluster = try await PrivateCluster(folder: folder, log: { Log.line($0) })
  }

  /// Starts the cluster and brings the schema up to date; the privileged session ends before anyone is served.
  func start() async throws(StartError) {
    do {
      try await cluster?.start()
      let connection = try await Connection.open(ownerInfo)
      defer { connection.close() }
      schemaVersion = try await Migrator.migrate(connection, folder: options.schemaFolder)
      if cluster != nil {
        for role in PrivateCluster.loginRoles {
          try await connection.runScript("ALTER ROLE \(role) LOGIN")
        }
      }
      let rows = try await connection.run([Query(Statement("SELECT name FROM pg_timezone_names"))])[
        0]
      timezones = Set((0..<rows.count).map { rows.text($0, 0) })
    } catch {
      throw StartError("\(error)")
    }
  }

  func stop() async {
    await cluster?.stop()
  }

  /// How the daemon connects as one of its roles: by a log-in of its own in the private cluster, as the URL's user
  /// in that role elsewhere.
  func info(_ role: String) -> ConnectionInfo {
    let settings = Database.settings[role] ?? ""
    guard let cluster else { return ownerInfo.setting("options", "-c role=\(role) \(settings)") }
    return cluster.connectionInfo(role: role).setting("application_name", "plannerd")
      .setting("options", settings)
  }

  /// A prepared statement keeps the plan that was made while its table was short; it must use an index from the start.
  /// Queries are bounded; folds sort and hash much at once, and JIT compilation costs them more than it gains.
  private static let settings = [
    "plannerd_query":
      "-c enable_seqscan=off -c jit=off -c statement_timeout=30s -c lock_timeout=5s",
    "plannerd_project": "-c enable_seqscan=off -c jit=off -c work_mem=64MB",
    "plannerd_append": "-c enable_seqscan=off -c jit=off",
  ]

  private var ownerInfo: ConnectionInfo {
    if let cluster { return cluster.connectionInfo(role: PrivateCluster.superuser) }
    return ConnectionInfo(
      url: options.database ?? "",
      settings: ["application_name": "plannerd", "target_session_attrs": "read-write"])
  }
}

/// What the daemon tells its operator: lines on standard error.
enum Log {
  static func line(_ text: String) {
    var bytes = Array("plannerd: \(text)\n".utf8)
    _ = write(2, &bytes, bytes.count)
  }
}
