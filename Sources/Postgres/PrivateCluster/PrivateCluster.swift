package import EventLoop
internal import Files
internal import Glibc

/// A Postgres of plannerd's own: made at first start, on a Unix socket only, started and stopped with the
/// daemon, and started again when it dies.
@EventLoop
package final class PrivateCluster {
  /// The superuser of the cluster: for migrations, before the daemon serves anyone.
  package static let superuser = "plannerd_admin"
  /// The roles that the daemon and operators log in as.
  package static let loginRoles = [
    "plannerd_append", "plannerd_project", "plannerd_query", "plannerd_erase",
  ]

  package let files: ClusterFiles
  private let installation: PostgresInstallation
  /// Where the programs of its Postgres are.
  package var binFolder: String { installation.binFolder }
  private let settings: [String: String]
  private var process: ChildProcess?
  private var isStopping = false
  private let log: @Sendable (String) -> Void

  /// Durable, on a socket only, and quick to recover: 460 MB of WAL took 2 s. Before it recovers, Postgres has the
  /// files of the cluster written out: 1,360 calls of fsync took 2 to 5 s on a busy disk, syncfs 3 to 700 ms.
  private static let defaultSettings = [
    "listen_addresses": "''", "max_wal_size": "'384MB'", "unix_socket_permissions": "0700",
    "max_connections": "60", "shared_buffers": "'256MB'", "jit": "off", "timezone": "'UTC'",
    "log_timezone": "'UTC'", "log_min_messages": "'warning'", "checkpoint_timeout": "'5min'",
    "wal_compression": "on", "recovery_init_sync_method": "syncfs",
  ]

  /// `folder` is the daemon's data folder, by its absolute path.
  package init(
    folder: String, settings: [String: String] = [:], log: @escaping @Sendable (String) -> Void
  ) async throws(ClusterError) {
    _ = try PostgresInstallation.find()
    self.log = log
    files = try await ClusterLocation(folder: folder).find()
    installation = try .find(version: files.version)
    var all = PrivateCluster.defaultSettings
    all["unix_socket_directories"] = "'\(files.socketFolder)'"
    self.settings = all.merging(settings) { $1 }
  }

  /// How to connect as one of the roles.
  package func connectionInfo(role: String, database: String = "plannerd") -> ConnectionInfo {
    ConnectionInfo(
      url: "dbname='\(database)' host='\(files.socketFolder)' port=\(settings["port"] ?? "5432")",
      settings: ["user": role])
  }

  package var processID: Int32? { process?.pid }

  /// Makes the cluster where there is none, starts it, and returns when it takes connections.
  package func start() async throws(ClusterError) {
    isStopping = false
    do {
      try Files.makePrivateFolder(files.socketFolder, of: files.user)
    } catch {
      throw ClusterError("\(error)")
    }
    if !Files.exists(files.data) {
      try await ClusterMaker(
        files: files, installation: installation, isDurable: settings["fsync"] != "off"
      ).make()
    }
    try requireCluster()
    try writeConfiguration()
    try await startUntilReady()
    try await makeDatabase()
  }

  /// Nothing is written into a folder that holds something else, or the cluster of another major version.
  private func requireCluster() throws(ClusterError) {
    guard let version = files.version else {
      throw ClusterError(
        "\(files.data) holds no Postgres cluster, and is left as it is; move it away, or give another --data"
      )
    }
    if let installed = installation.majorVersion, installed != version {
      throw ClusterError(
        "\(files.data) was made by Postgres \(version), and only version \(installed) is installed")
    }
  }

  /// The fast stop: sessions end, and a checkpoint is written.
  package func stop() async {
    isStopping = true
    guard let process else { return }
    process.send(SIGINT)
    let impatience = EventLoop.after(.seconds(60)) { process.send(SIGQUIT) }
    _ = await process.wait()
    impatience.cancel()
    try? Files.acting(as: files.user) { () throws(FileError) in
      Files.removeEmptyFolder(files.socketFolder)
    }
  }

  private func writeConfiguration() throws(ClusterError) {
    let conf = settings.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }.joined()
    // One line for each account and role: the daemon's own account, and the cluster's.
    let accounts = Set([files.user.name, SystemUser.current?.name].compactMap { $0 }).sorted()
    let ident = accounts.flatMap { account in
      ([PrivateCluster.superuser] + PrivateCluster.loginRoles).map { "plannerd \(account) \($0)\n" }
    }.joined()
    do {
      try write(conf, "plannerd.conf")
      try write("include 'plannerd.conf'\n", "postgresql.conf")
      try write("local all all peer map=plannerd\n", "pg_hba.conf")
      try write(ident, "pg_ident.conf")
    } catch {
      throw ClusterError("\(error)")
    }
  }

  private func write(_ text: String, _ name: String) throws(FileError) {
    let path = "\(files.data)/\(name)"
    try Files.acting(as: files.user) { () throws(FileError) in
      if (try? Files.read(path)) == text { return }
      try Files.write(text, to: path, mode: 0o600)
    }
  }

  // MARK: Process

  /// The first start. A Postgres of an earlier daemon may still be on its way out, or have left a shared memory block
  /// that is still in use: then this one ends at once, and is tried again. One that lives is waited for, however long
  /// it recovers.
  private func startUntilReady() async throws(ClusterError) {
    let deadline = ContinuousClock().now + .seconds(60)
    var backoff = Backoff()
    while !(try await comesUp()) {
      guard !isStopping, ContinuousClock().now < deadline else {
        throw ClusterError("Postgres does not start; its log is \(files.log)")
      }
      await EventLoop.sleep(backoff.next())
    }
  }

  /// Starts Postgres as a direct child: true when it takes connections, false when it has ended before.
  private func comesUp() async throws(ClusterError) -> Bool {
    let process = try launch()
    let info = connectionInfo(role: PrivateCluster.superuser, database: "postgres")
    var backoff = Backoff()
    while process.status == nil {
      // A socket that answers may be the old postmaster's: the new one must be alive as well.
      if await ownPostmasterAnswers(info, process) {
        supervise(process)
        return true
      }
      await EventLoop.sleep(backoff.next())
    }
    return false
  }

  private func launch() throws(ClusterError) -> ChildProcess {
    var options = ChildProcess.Options(["\(installation.binFolder)/postgres", "-D", files.data])
    options.environment = ["LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"]
    // Postgres passes over this pid in its lock file, and still looks whether a child of it lives.
    options.environment["PG_GRANDPARENT_PID"] = files.unreapedPostmaster.map { String($0) }
    options.parentDeathSignal = SIGINT
    // A terminal's Ctrl-C is for the daemon, which then stops Postgres in order.
    options.newSession = true
    if files.switchesUser { options.user = (files.user.uid, files.user.gid) }
    do {
      let output = try files.openLog()
      defer { close(output) }
      options.standardOutput = output
      options.standardError = output
      let process = try ChildProcess(options)
      self.process = process
      return process
    } catch {
      throw ClusterError("Postgres: \(error)")
    }
  }

  private func ownPostmasterAnswers(_ info: ConnectionInfo, _ process: ChildProcess) async -> Bool {
    guard files.postmaster == process.pid, let connection = try? await Connection.open(info) else {
      return false
    }
    connection.close()
    return true
  }

  /// Starts Postgres again when it ends by itself, for as long as that takes.
  private func supervise(_ process: ChildProcess) {
    Task { @EventLoop in
      let status = await process.wait()
      guard !isStopping else { return }
      log("Postgres ended (status \(status)); starting it again")
      var backoff = Backoff()
      var said = ""
      while !isStopping {
        var trouble = "Postgres does not start; its log is \(files.log)"
        do {
          if try await comesUp() { return log("Postgres is back") }
        } catch {
          trouble = "\(error)"
        }
        if trouble != said && !isStopping { log(trouble) }
        said = trouble
        await EventLoop.sleep(backoff.next())
      }
    }
  }

  private func makeDatabase() async throws(ClusterError) {
    do {
      let connection = try await Connection.open(
        connectionInfo(role: PrivateCluster.superuser, database: "postgres"))
      defer { connection.close() }
      let rows = try await connection.run([
        Query(Statement("SELECT FROM pg_database WHERE datname = 'plannerd'"))
      ])[0]
      if rows.isEmpty { try await connection.runScript("CREATE DATABASE plannerd") }
    } catch {
      throw ClusterError("\(error)")
    }
  }
}
