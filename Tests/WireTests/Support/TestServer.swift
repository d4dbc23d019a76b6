import EventLoop
import Glibc
import Varlink

/// A server with an `EchoInterface` on a socket in a folder of its own.
@EventLoop
final class TestServer {
  let server: VarlinkServer
  let echo: EchoInterface
  let folder: String
  var path: String { folder + "/s" }

  init(_ change: (inout ServerLimits) -> Void = { _ in }) throws {
    var limits = ServerLimits()
    // A busy machine may be slow to give a test its turn.
    limits.frameTime = .seconds(600)
    limits.unreadTime = .seconds(600)
    change(&limits)
    let identity = ServiceIdentity(
      vendor: "test", product: "echo", version: "1", url: "https://example.org")
    server = VarlinkServer(identity: identity, limits: limits)
    echo = try EchoInterface()
    server.register(echo)
    folder = try TestServer.makeFolder()
    try server.listen(path: path)
  }

  func peer() throws -> TestPeer { try TestPeer(path) }

  func stop() async {
    await server.stop()
    for name in ["s", "s.lock"] { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  static func makeFolder() throws(SystemError) -> String {
    var template = Array("/tmp/wire-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Runs a body with a server, and stops it.
@EventLoop
func withServer(
  _ change: (inout ServerLimits) -> Void = { _ in },
  _ body: @EventLoop (TestServer) async throws -> Void
) async throws {
  let server = try TestServer(change)
  do {
    try await body(server)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}
