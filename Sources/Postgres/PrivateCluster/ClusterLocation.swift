internal import EventLoop
internal import Files
internal import Glibc

/// Decides where the cluster of a data folder lives, and keeps to it.
///
/// It is in the data folder, but for one case: the daemon is root, Postgres therefore runs as the user
/// `postgres`, and that user cannot reach the data folder (a checkout under /root). Then it is in
/// `/var/lib/plannerd/<id of the data folder>`, and the file `postgres-location` in the data folder says so.
struct ClusterLocation {
  let folder: String

  private var note: String { "\(folder)/postgres-location" }

  @EventLoop
  func find() async throws(ClusterError) -> ClusterFiles {
    guard let current = SystemUser.current else {
      throw ClusterError("the user id \(geteuid()) has no name, which Postgres's peer log-in needs")
    }
    do {
      try Files.makeFolder(folder, mode: 0o755)
      let id = String(stableID, radix: 16)
      guard current.isRoot else {
        let root = "\(folder)/postgres"
        try Files.makeFolder(root, mode: 0o700)
        return ClusterFiles(root: root, user: current, id: id)
      }
      guard let postgres = SystemUser.named("postgres") else {
        throw ClusterError(
          "root needs a user `postgres` to run Postgres as; the package postgresql-15 makes it")
      }
      let root = try await rootFolder(for: postgres, id: id)
      try Files.makeFolder(root, mode: 0o700)
      if Files.owner(of: root)?.uid != postgres.uid {
        try Files.give(root, toUID: postgres.uid, gid: postgres.gid)
      }
      return ClusterFiles(root: root, user: postgres, id: id)
    } catch let error as ClusterError {
      throw error
    } catch {
      throw ClusterError("\(error)")
    }
  }

  @EventLoop
  private func rootFolder(for user: SystemUser, id: String) async throws -> String {
    if let text = try? Files.read(note), let line = text.split(separator: "\n").first {
      return String(line)
    }
    if Files.exists("\(folder)/postgres/data") { return "\(folder)/postgres" }
    if try await canReach(user) { return "\(folder)/postgres" }
    let elsewhere = "/var/lib/plannerd/\(id)"
    try Files.makeFolder("/var/lib/plannerd", mode: 0o755)
    try Files.write(
      """
      \(elsewhere)
      The Postgres cluster of this data folder is there, since the user `postgres` cannot reach here.

      """, to: note)
    return elsewhere
  }

  /// Whether a user may enter the data folder, tried as that user.
  @EventLoop
  private func canReach(_ user: SystemUser) async throws -> Bool {
    var options = ChildProcess.Options(["/usr/bin/test", "-x", folder])
    options.user = (user.uid, user.gid)
    return try await ChildProcess(options).wait() == 0
  }

  /// FNV-1a over the folder's path.
  private var stableID: UInt64 {
    folder.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
