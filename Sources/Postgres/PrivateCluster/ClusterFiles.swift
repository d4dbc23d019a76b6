package import Files

/// Why the private Postgres could not be made or started.
package struct ClusterError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// The programs of a Postgres installation.
package struct PostgresInstallation: Sendable {
  package let binFolder: String
  /// Nil where it was given, and not found.
  package let majorVersion: Int?

  /// The one of `$PLANNERD_POSTGRES_BIN`, else of those where Debian puts them, from version 15 on, that of the
  /// version asked for if there is one, else the newest.
  package static func find(version: Int? = nil) throws(ClusterError) -> PostgresInstallation {
    if let folder = Environment.value("PLANNERD_POSTGRES_BIN") {
      return PostgresInstallation(binFolder: folder, majorVersion: nil)
    }
    let root = "/usr/lib/postgresql"
    let versions = ((try? Files.list(root)) ?? []).compactMap { Int($0) }.filter { version in
      version >= 15 && Files.exists("\(root)/\(version)/bin/postgres")
    }
    guard let newest = versions.max() else {
      throw ClusterError(
        "no Postgres of version 15 or later under \(root); install the package postgresql-15, set PLANNERD_POSTGRES_BIN, or give --database URL"
      )
    }
    let chosen = version.flatMap { versions.contains($0) ? $0 : nil } ?? newest
    return PostgresInstallation(binFolder: "\(root)/\(chosen)/bin", majorVersion: chosen)
  }
}

/// Where the parts of a private cluster are, and as which user it runs.
package struct ClusterFiles: Sendable {
  /// PGDATA.
  package let data: String
  /// The folder of its socket.
  package let socketFolder: String
  package let log: String
  /// The account that Postgres runs as: it refuses to be root.
  package let user: SystemUser
  /// Set where it differs from this process's account.
  package var switchesUser: Bool { SystemUser.current?.uid != user.uid }

  /// `sockaddr_un` has room for 107 bytes and an end.
  package static let socketPathLimit = 107
  private static let socketName = ".s.PGSQL.5432"

  /// The version of the cluster that is there; nil where there is none.
  var version: Int? {
    firstLine(of: "PG_VERSION").flatMap { Int($0) }
  }

  /// The process that the cluster's lock file names, where it has ended and nobody has reaped it: Postgres would
  /// take it for one that runs. Where daemon and Postgres die together, process 1 inherits it, and reaps it when
  /// it comes to that: in a container after seconds, or never.
  var unreapedPostmaster: Int32? {
    guard let pid = postmaster, let stat = try? Files.read("/proc/\(pid)/stat"),
      let end = stat.lastIndex(of: ")")
    else { return nil }
    return stat[end...].hasPrefix(") Z") ? pid : nil
  }

  /// The process that the cluster's lock file names.
  var postmaster: Int32? { firstLine(of: "postmaster.pid").flatMap { Int32($0) } }

  private func firstLine(of name: String) -> Substring? {
    let text = try? Files.acting(as: user) { () throws(FileError) in
      try Files.read("\(data)/\(name)")
    }
    return text?.split(separator: "\n").first
  }

  /// Opens the log to append to. What is in its place and is no file of the user's (root's own, in data folders of
  /// earlier versions) moves out of the way.
  func openLog() throws(FileError) -> Int32 {
    try Files.acting(as: user) { () throws(FileError) in
      if let descriptor = try? Files.openForAppending(log) { return descriptor }
      try? Files.move(log, to: "\(log).old")
      return try Files.openForAppending(log)
    }
  }

  init(root: String, user: SystemUser, id: String) {
    data = "\(root)/data"
    log = "\(root)/postgres.log"
    self.user = user
    let near = "\(root)/run"
    let fits = "\(near)/\(ClusterFiles.socketName)".utf8.count <= ClusterFiles.socketPathLimit
    // These would need quoting in the settings and in connection strings, and a comma parts two folders.
    let isPlain = !near.contains { "'\"\\,".contains($0) }
    socketFolder = fits && isPlain ? near : "/tmp/plannerd-\(user.uid)-\(id)"
  }
}
