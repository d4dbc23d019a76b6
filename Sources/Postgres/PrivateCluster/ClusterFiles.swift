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
  package let majorVersion: Int

  /// The newest installation of version 15 or later where Debian puts them, or the one of
  /// `$PLANNERD_POSTGRES_BIN`.
  package static func find() throws(ClusterError) -> PostgresInstallation {
    if let folder = Environment.value("PLANNERD_POSTGRES_BIN") {
      return PostgresInstallation(binFolder: folder, majorVersion: 15)
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
    return PostgresInstallation(binFolder: "\(root)/\(newest)/bin", majorVersion: newest)
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

  init(root: String, user: SystemUser, id: String) {
    data = "\(root)/data"
    log = "\(root)/postgres.log"
    self.user = user
    let near = "\(root)/run"
    let fits = "\(near)/\(ClusterFiles.socketName)".utf8.count <= ClusterFiles.socketPathLimit
    socketFolder = fits ? near : "/tmp/plannerd-\(user.uid)-\(id)"
  }
}
