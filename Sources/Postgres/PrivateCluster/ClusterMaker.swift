internal import EventLoop
internal import Files
internal import Glibc

/// Makes a new cluster: under another name, which is given up for the real one when all is done. It never
/// touches a folder that it did not make.
struct ClusterMaker {
  let files: ClusterFiles
  let installation: PostgresInstallation
  /// Whether what was made must outlive a crash of the machine.
  let isDurable: Bool

  /// One that an earlier start left unfinished stays where it is.
  private var unusedName: String {
    var number = 1
    while Files.exists("\(files.data).new-\(number)") { number += 1 }
    return "\(files.data).new-\(number)"
  }

  @EventLoop
  func make() async throws(ClusterError) {
    let unfinished = unusedName
    do {
      let output = try files.openLog()
      defer { close(output) }
      var options = ChildProcess.Options([
        "\(installation.binFolder)/initdb", "--pgdata", unfinished,
        "--username", PrivateCluster.superuser, "--auth", "peer", "--encoding", "UTF8",
        "--locale", "C.UTF-8", "--data-checksums", "--no-instructions",
      ])
      if !isDurable { options.arguments.append("--no-sync") }
      options.environment = [
        "LC_ALL": "C.UTF-8", "PATH": "\(installation.binFolder):/usr/bin:/bin",
      ]
      options.standardOutput = output
      options.standardError = output
      options.parentDeathSignal = SIGTERM
      options.directory = Files.folder(of: files.data)
      if files.switchesUser { options.user = (files.user.uid, files.user.gid) }
      let status = try await ChildProcess(options).wait()
      guard status == 0 else {
        throw ClusterError("initdb failed with status \(status); see \(files.log)")
      }
      try Files.acting(as: files.user) { () throws(FileError) in
        try Files.move(unfinished, to: files.data)
      }
    } catch let error as ClusterError {
      throw error
    } catch {
      throw ClusterError("initdb: \(error)")
    }
  }
}
