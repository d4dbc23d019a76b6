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
  /// Whether the URL's user may set how much a query writes to the disk, which settings of the role it acts in do not do.
  private var mayLimitFiles = false

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
      // Postgres opens a file for each timezone, which takes longer than the rest.
      let zones = Task { @EventLoop in await readTimezones() }
      let connection = try await Connection.open(ownerInfo)
      defer { connection.close() }
      schemaVersion = try await Migrator.migrate(connection, folder: options.schemaFolder)
      if cluster != nil {
        for role in PrivateCluster.loginRoles {
          try await connection.runScript("ALTER ROLE \(role) LOGIN")
        }
      }
      let rows = try await connection.run([
        Query(Statement("SELECT has_parameter_privilege('temp_file_limit', 'SET')"))
      ])[0]
      mayLimitFiles = cluster == nil && rows.bool(0, 0)
      timezones = try await zones.value.get()
    } catch {
      throw StartError("\(error)")
    }
  }

  private func readTimezones() async -> Result<Set<String>, PostgresError> {
    do throws(PostgresError) {
      let connection = try await Connection.open(ownerInfo)
      defer { connection.close() }
      let rows = try await connection.run([
        Query(Statement("SELECT name FROM pg_timezone_names"))
      ])[0]
      return .success(Set((0..<rows.count).map { rows.text($0, 0) }))
    } catch {
      return .failure(error)
    }
  }

  func stop() async {
    await cluster?.stop()
  }

  /// How the daemon connects as one of its roles: by a log-in of its own in the private cluster, as the URL's user
  /// in that role elsewhere.
  func info(_ role: String) -> ConnectionInfo {
    var settings = Database.pinned + " " + (Database.settings[role] ?? "")
    // In the private cluster it is a setting of the role.
    if role == "plannerd_query" && mayLimitFiles { settings += " -c temp_file_limit=1GB" }
    var info =
      cluster?.connectionInfo(role: role).setting("application_name", "plannerd")
      .setting("options", settings)
      ?? ownerInfo.setting("options", "-c role=\(role) \(settings)")
    info.replyTime = Database.replyTimes[role]
    return info
  }

  /// For questions about the whole log: bounded as those to the views are.
  var searchInfo: ConnectionInfo {
    var search = info("plannerd_append")
    search.settings["options", default: ""] += " -c statement_timeout=30s"
    search.replyTime = Database.replyTimes["plannerd_query"]
    return search
  }

  /// A prepared statement keeps the plan that was made while its table was short; it must use an index from the start.
  /// Queries are bounded; folds sort and hash much at once, and JIT compilation costs them more than it gains.
  static let settings = [
    "plannerd_query":
      "-c enable_seqscan=off -c jit=off -c statement_timeout=30s -c lock_timeout=5s",
    "plannerd_project": "-c enable_seqscan=off -c jit=off -c work_mem=64MB",
    "plannerd_append": "-c enable_seqscan=off -c jit=off",
  ]

  /// After which a Postgres that does not answer is one that hangs. The largest group and the longest stretch of the log
  /// that one statement verifies take a second or two, and a busy disk may add several; whether an append has happened
  /// is then asked on another connection, within the same time. A query has its statement_timeout, and folds take
  /// what they take.
  private static let replyTimes: [String: Duration] = [
    "plannerd_append": .seconds(15), "plannerd_query": .seconds(45),
  ]

  /// What transactions count on, whatever server and database have for defaults.
  private static let pinned =
    "-c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off"
    + " -c default_transaction_deferrable=off"

  /// An answer leaves when its commit is durable. Not among the settings: there `on` would also take back what a
  /// server asks for beyond it (`remote_apply`). Set in each case, so that a server that reads its configuration again
  /// does not take it back.
  static func requireDurability(_ connection: Connection) async throws(PostgresError) {
    _ = try await connection.run([
      Query(
        Statement(
          """
          SELECT set_config('synchronous_commit',
                            CASE WHEN setting IN ('off', 'local') THEN 'on' ELSE setting END, false)
            FROM current_setting('synchronous_commit') AS setting
          """))
    ])
  }

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
