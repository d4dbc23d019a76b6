import EventLoop
import Files
import Glibc
import JSON
import Postgres
import TestSupport
import Testing

/// `--database URL` over TCP: a Postgres that lets in by TLS and a password alone.
@Suite(.turns) struct TLSTests {
  @Test @EventLoop
  func `with verify-full it talks to the server of that name alone, and only in TLS`() async throws
  {
    let server = try await TLSServer.start()
    let daemon = try TestDaemon(arguments: ["--database", server.url()])
    try await daemon.start()
    let client = try daemon.client()
    let answer = try await client.submit([Commands.createPillar("Health")])
    #expect(try await client.rows("PillarAverages", atLeast: answer.position).count == 1)
    let connections = try await server.connections()
    #expect(connections.count >= 5)
    #expect(connections.allSatisfy { $0 == "TLSv1.3" })
    await daemon.stop()
    #expect(daemon.process?.status == 0)

    // The certificate is for localhost, not for the address behind it.
    try await expectRefusal(server.url(host: "127.0.0.1"), "does not match host name")
    try await expectRefusal(server.url(authority: "stranger.crt"), "certificate verify failed")
    try await expectRefusal(server.url(mode: "disable"), "no encryption")
    await server.stop()
  }

  @Test @EventLoop
  func `of several hosts it takes the first that answers`() async throws {
    let server = try await TLSServer.start()
    let closed = try TLSServer.freePort()
    let url = server.url(hosts: "localhost:\(closed),localhost:\(server.port)")
    let daemon = try TestDaemon(arguments: ["--database", url])
    try await daemon.start()
    let answer = try await daemon.client().submit([Commands.note(1)])
    #expect(answer.outcomes[0]["result"] == "applied")
    await daemon.stop()
    await server.stop()
  }

  @EventLoop private func expectRefusal(_ url: String, _ reason: String) async throws {
    let daemon = try TestDaemon(arguments: ["--database", url])
    #expect(try await daemon.failToStart() == 1)
    #expect(daemon.logText.contains(reason), "\(daemon.logText)")
    #expect(!daemon.logText.contains(TLSServer.password))
  }
}

/// A Postgres on a TCP port of this machine, with a certificate for `localhost`.
@EventLoop
private struct TLSServer {
  nonisolated static let password = "a/very:secret@word"

  let port: Int
  private let own: OwnCluster

  static func start() async throws -> TLSServer {
    let port = try freePort()
    let own = try OwnCluster(settings: ["listen_addresses": "'127.0.0.1'", "port": "\(port)"])
    try await own.start()
    let server = TLSServer(port: port, own: own)
    try await server.makeCertificates()
    try await server.switchTLSOn()
    return server
  }

  func stop() async { await own.stop() }

  /// A port that nobody has at the moment.
  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    try #require(isBound)
    return Int(UInt16(bigEndian: address.sin_port))
  }

  func url(
    host: String = "localhost", mode: String = "verify-full", authority: String = "authority.crt"
  ) -> String {
    url(hosts: "\(host):\(port)", mode: mode, authority: authority)
  }

  func url(hosts: String, mode: String = "verify-full", authority: String = "authority.crt")
    -> String
  {
    let secret = TLSServer.password.utf8.map { "%" + String($0, radix: 16) }.joined()
    return
      "postgresql://plannerd_admin:\(secret)@\(hosts)/plannerd?sslmode=\(mode)&sslrootcert=\(own.folder)/\(authority)"
  }

  /// The TLS version of each connection that comes from a daemon; nil where it is in the clear.
  func connections() async throws -> [String?] {
    let rows = try await ask(
      "SELECT version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'plannerd'"
    )
    return (0..<rows.count).map { rows[$0, 0] }
  }

  /// An authority that signs the server's certificate, and one that does not.
  private func makeCertificates() async throws {
    for name in ["authority", "stranger"] {
      try await openssl([
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "2", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).crt",
      ])
    }
    try await openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
      "2", "-subj", "/CN=server", "-addext", "subjectAltName=DNS:localhost", "-addext",
      "basicConstraints=critical,CA:FALSE", "-CA", "authority.crt", "-CAkey", "authority.key",
      "-keyout", "server.key", "-out", "server.crt",
    ])
    let files = try #require(own.cluster?.files)
    try Files.give("\(own.folder)/server.key", toUID: files.user.uid, gid: UInt32.max)
  }

  private func openssl(_ arguments: [String]) async throws {
    let names = arguments.map { argument in
      argument.hasSuffix(".key") || argument.hasSuffix(".crt")
        ? "\(own.folder)/\(argument)" : argument
    }
    let run = try await TestProgram.run(["/usr/bin/openssl"] + names)
    try #require(run.status == 0, "\(run.errors)")
  }

  private func switchTLSOn() async throws {
    let access = "\(try #require(own.cluster?.files).data)/pg_hba.conf"
    for statement in [
      "ALTER ROLE plannerd_admin PASSWORD '\(TLSServer.password)'",
      "COPY (VALUES ('local all all peer map=plannerd'), ('hostssl all all 127.0.0.1/32 scram-sha-256')) TO '\(access)'",
      "ALTER SYSTEM SET ssl_cert_file = '\(own.folder)/server.crt'",
      "ALTER SYSTEM SET ssl_key_file = '\(own.folder)/server.key'",
      "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()",
    ] { _ = try await ask(statement) }
    try await Patience.until("TLS is on") {
      (try? await ask("SHOW ssl"))?.text(0, 0) == "on"
    }
  }

  private func ask(_ statement: String) async throws -> Rows {
    let info = try #require(own.cluster).connectionInfo(role: PrivateCluster.superuser)
    let connection = try await Connection.open(info)
    defer { connection.close() }
    return try await connection.run([Query(Statement(statement))])[0]
  }
}
