import EventLoop
import Files
import Glibc
import JSON
import Postgres
import TestSupport
import Testing

/// The Postgres that comes with the daemon: made, kept, ended, and never anyone else's.
@Suite(.turns) struct PrivateClusterTests {
  @Test @EventLoop
  func `it listens on a socket alone, is durable, and keeps checksums`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    let connection = try await Connection.open(daemon.info())
    let names = ["listen_addresses", "fsync", "synchronous_commit", "full_page_writes"]
    let rows = try await connection.run(
      names.map { Query(Statement("SHOW \($0)")) } + [Query(Statement("SHOW data_checksums"))])
    #expect(rows.map { $0.text(0, 0) } == ["", "on", "on", "on", "on"])
    connection.close()
    await daemon.stop()
  }

  @Test(arguments: ["a file of somebody's", nil]) @EventLoop
  func `a folder that it did not make is left as it is`(content: String?) async throws {
    let daemon = try TestDaemon()
    let folder = "\(daemon.data)/postgres/data"
    try Files.makeFolder(folder)
    if let content { try Files.write(content, to: "\(folder)/precious") }
    #expect(try await daemon.failToStart() == 1)
    #expect(daemon.logText.contains("holds no Postgres cluster, and is left as it is"))
    #expect(try Files.list(folder) == (content == nil ? [] : ["precious"]))
    if let content { #expect(try Files.read("\(folder)/precious") == content) }
  }

  @Test @EventLoop
  func `what an initdb that was cut off has left stays, and another one does its work`()
    async throws
  {
    let daemon = try TestDaemon()
    let unfinished = "\(daemon.data)/postgres/data.new-1"
    try Files.makeFolder(unfinished)
    try Files.write("mine", to: "\(unfinished)/precious")
    try daemon.launch()
    try await Patience.until("initdb is at work") {
      Files.exists("\(daemon.data)/postgres/data.new-2")
    }
    await daemon.kill()
    try await daemon.start()
    #expect(try Files.list(unfinished) == ["precious"])
    #expect(try Files.read("\(unfinished)/precious") == "mine")
    let client = try daemon.client()
    #expect(try await client.submit([Commands.note(1)]).outcomes[0]["result"] == "applied")
    await daemon.stop()
  }

  @Test @EventLoop
  func `a second daemon on the same data folder says so and harms nothing`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    let second = try TestDaemon(data: daemon.data)
    #expect(try await second.failToStart() == 1)
    #expect(second.logText.contains("another plannerd works on \(daemon.data)"))
    let client = try daemon.client()
    #expect(try await client.submit([Commands.note(1)]).outcomes[0]["result"] == "applied")
    #expect(daemon.process?.status == nil)
    await daemon.stop()
  }

  @Test @EventLoop
  func `a second daemon on the same socket says so and harms nothing`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    let second = try TestDaemon(socket: daemon.socket)
    #expect(try await second.failToStart() == 1)
    #expect(second.logText.contains("\(daemon.socket) is in use"))
    #expect(try await daemon.client().health()["state"] == "ready")
    await daemon.stop()
  }

  @Test(arguments: [SIGTERM, SIGINT]) @EventLoop
  func `an orderly stop leaves no process and no socket`(signal: Int32) async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    let processes = try postgresProcesses(daemon)
    #expect(processes.count > 5)
    daemon.process?.send(signal)
    #expect(await daemon.process?.wait() == 0)
    #expect(processes.allSatisfy { !isAlive($0) })
    #expect(!Files.exists(daemon.socket))
    #expect(daemon.postgresPID == nil)
  }

  @Test @EventLoop
  func `when the daemon is killed its Postgres ends too`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    let processes = try postgresProcesses(daemon)
    await daemon.kill()
    try await Patience.until("the end of \(processes)") {
      processes.allSatisfy { !isAlive($0) }
    }
  }

  @Test @EventLoop
  func `the socket of a daemon that was killed is replaced`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    await daemon.kill()
    #expect(Files.exists(daemon.socket))
    try await daemon.start()
    #expect(try await daemon.client().health()["state"] == "ready")
    await daemon.stop()
  }

  @Test @EventLoop
  func `a file where the socket should be is left as it is`() async throws {
    let daemon = try TestDaemon()
    try Files.write("mine", to: daemon.socket)
    #expect(try await daemon.failToStart() == 1)
    #expect(daemon.logText.contains("exists and is not a socket"))
    #expect(try Files.read(daemon.socket) == "mine")
    #expect(daemon.postgresPID == nil)
  }

  @Test @EventLoop
  func `a socket path of more than 107 bytes is refused with its length`() async throws {
    let folder = TestCluster.folder
    let path = "\(folder)/" + String(repeating: "s", count: 107 - folder.utf8.count)
    let daemon = try TestDaemon(socket: path)
    #expect(try await daemon.failToStart() == 1)
    #expect(
      daemon.logText.contains("the socket's path has 108 bytes, and at most 107 are possible"))
    let longest = try TestDaemon(socket: String(path.dropLast()))
    // The lock file's name is longer, and may be.
    try await longest.start()
    await longest.stop()
  }

  @Test(arguments: ["my data", "it's, \"odd\" \\", String(repeating: "deep/", count: 20)])
  @EventLoop
  func `the data folder may have any name`(name: String) async throws {
    let base = try TestDaemon()
    let daemon = try TestDaemon(data: "\(base.folder)/\(name)")
    try await daemon.start()
    let client = try daemon.client()
    let answer = try await client.submit([Commands.createPillar("Health")])
    #expect(answer.outcomes[0]["result"] == "applied")
    await daemon.kill()
    try await daemon.start()
    let rows = try await daemon.client().rows("PillarAverages", atLeast: answer.position)
    #expect(rows.count == 1)
    await daemon.stop()
    #expect(daemon.process?.status == 0)
    let socketFolder = try socketFolder(daemon)
    #expect(!Files.exists(socketFolder))
    guard socketFolder.hasPrefix("/tmp/plannerd-") else { return }
    // Its name can be foreseen, and anyone may write in /tmp.
    symlink(base.folder, socketFolder)
    #expect(try await daemon.failToStart() == 1)
    #expect(daemon.logText.contains("\(socketFolder) must be a folder of the user"))
    unlink(socketFolder)
  }

  /// Where the socket of a daemon's Postgres is: where the data folder's path is none for a socket, in a folder of its
  /// own under /tmp.
  @EventLoop private func socketFolder(_ daemon: TestDaemon) throws -> String {
    let conf = try Files.read("\(daemon.data)/postgres/data/plannerd.conf")
    let line = try #require(
      conf.split(separator: "\n").first { $0.hasPrefix("unix_socket_directories") })
    return line.split(separator: "'").dropFirst().first.map { String($0) } ?? ""
  }

  @Test(arguments: [SIGTERM, SIGINT]) @EventLoop
  func `told to stop while it starts it ends at once, and the next start goes on`(signal: Int32)
    async throws
  {
    let daemon = try TestDaemon()
    try daemon.launch()
    try await Patience.until("initdb is at work") {
      Files.exists("\(daemon.data)/postgres/data.new-1")
    }
    daemon.process?.send(signal)
    #expect(await daemon.process?.wait() == 0)
    #expect(daemon.logText.contains("told to stop before it was ready"))
    try daemon.launch()
    try await Patience.until("Postgres is at work") { daemon.postgresPID != nil }
    let postgres = try #require(daemon.postgresPID)
    daemon.process?.send(signal)
    #expect(await daemon.process?.wait() == 0)
    try await Patience.until("Postgres has ended") { !isAlive(postgres) }
    try await daemon.start()
    let client = try daemon.client()
    #expect(try await client.submit([Commands.note(1)]).outcomes[0]["result"] == "applied")
    await daemon.stop()
  }

  @Test(.enabled(if: SystemUser.current?.isRoot == true)) @EventLoop
  func `a data folder that only root may enter has its cluster elsewhere, and says where`()
    async throws
  {
    let base = try TestDaemon()
    let folder = "\(base.folder)/private"
    try Files.makeFolder(folder, mode: 0o700)
    let daemon = try TestDaemon(data: "\(folder)/data")
    try await daemon.start()
    let client = try daemon.client()
    #expect(try await client.submit([Commands.note(1)]).outcomes[0]["result"] == "applied")
    let note = try Files.read("\(daemon.data)/postgres-location")
    let place = try #require(note.split(separator: "\n").first.map { String($0) })
    #expect(place.hasPrefix("/var/lib/plannerd/"))
    #expect(Files.exists("\(place)/data/PG_VERSION"))
    #expect(!Files.exists("\(daemon.data)/postgres"))
    await daemon.stop()
    try await daemon.start()
    #expect(try await daemon.client().rows("Preferences", atLeast: 3)[0]["extra"]?["note"] == 1)
    await daemon.stop()
    _ = try await TestProgram.run(["/usr/bin/env", "rm", "-rf", "--", place])
  }

  @Test(.enabled(if: SystemUser.current?.isRoot == true)) @EventLoop
  func `links that the cluster's account has put in its folders lead root nowhere`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    await daemon.stop()
    let cluster = "\(daemon.data)/postgres"
    let names = ["target-1", "target-2"].map { "\(daemon.folder)/\($0)" }
    for name in names { try Files.write("root's\n", to: name, mode: 0o600) }
    unlink("\(cluster)/data/plannerd.conf")
    symlink(names[0], "\(cluster)/data/plannerd.conf.new")
    unlink("\(cluster)/postgres.log")
    symlink(names[1], "\(cluster)/postgres.log")
    try await daemon.start()
    await daemon.stop()
    // The whole folder of data as well.
    let elsewhere = "\(daemon.folder)/elsewhere"
    try Files.makeFolder(elsewhere)
    try Files.write(try Files.read("\(cluster)/data/PG_VERSION"), to: "\(elsewhere)/PG_VERSION")
    try Files.move("\(cluster)/data", to: "\(cluster)/data.away")
    symlink(elsewhere, "\(cluster)/data")
    #expect(try await daemon.failToStart() == 1)
    #expect(try Files.list(elsewhere) == ["PG_VERSION"])
    for name in names {
      #expect(try Files.read(name) == "root's\n")
      #expect(Files.owner(of: name)?.uid == 0)
    }
  }

  @Test @EventLoop
  func `a Postgres that cannot be started again is tried until it can`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    let postgres = try #require(daemon.postgresPID)
    chmod("\(daemon.data)/postgres", 0)
    kill(postgres, SIGKILL)
    try await Patience.until("it says so") { daemon.logText.contains("Permission denied") }
    chmod("\(daemon.data)/postgres", 0o700)
    try await daemon.becomeReady()
    try await Patience.until("it says so") { daemon.logText.contains("Postgres is back") }
    await daemon.stop()
    #expect(daemon.process?.status == 0)
  }

  @EventLoop private func postgresProcesses(_ daemon: TestDaemon) throws -> [Int32] {
    let pid = try #require(daemon.postgresPID)
    let children = try Files.read("/proc/\(pid)/task/\(pid)/children")
    return [pid] + children.split(separator: " ").compactMap { Int32($0) }
  }

  /// One that has ended and was not reaped is not alive.
  private func isAlive(_ pid: Int32) -> Bool {
    guard let stat = try? Files.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else {
      return false
    }
    return !stat[end...].hasPrefix(") Z")
  }
}
