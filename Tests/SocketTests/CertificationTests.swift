import EventLoop
import Glibc
import JSON
import Testing

/// The certification clients of two foreign implementations against our server.
@EventLoop
struct CertificationTests {
  @Test func `the client of Python's varlink certifies the server`() async throws {
    try await withCertificationServer { socket in
      let python = environment("PLANNERD_TEST_PYTHON") ?? "python3"
      let run = try await Program.run([
        "/usr/bin/env", python, "-m", "varlink.tests.test_certification", "--client",
        "--varlink=unix:\(socket)",
      ])
      #expect(run.output.contains("Certification passed"), "\(run.output)")
      #expect(run.status == 0)
    }
  }

  @Test func `the client of Go's varlink certifies the server`() async throws {
    try await withCertificationServer { socket in
      let run = try await Program.run([
        "/usr/bin/env", "varlink-go-certification", "-client", "-varlink", "unix:\(socket)",
      ])
      #expect(run.output.contains("End: 'true'"), "\(run.output)")
      #expect(run.status == 0)
    }
  }

  @Test func `a server at its limit of descriptors serves again when some are free`() async throws {
    try await withCertificationServer(descriptors: 24) { path in
      // More than it can accept: the rest stay in the queue, and the client behind them.
      let idle = (0..<40).map { _ in connection(to: path) }
      #expect(!idle.contains(-1))
      let client = try Program([
        "/usr/bin/env", "varlink-go-certification", "-client", "-varlink", "unix:\(path)",
      ])
      for descriptor in idle { close(descriptor) }
      #expect(try await client.end().status == 0)
    }
  }

  /// Connects and says nothing.
  private func connection(to path: String) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return result == 0 ? descriptor : -1
  }

  /// Runs a body with the certification server, which must end well when it is told to.
  private func withCertificationServer(
    descriptors: Int = 1_024, _ body: @EventLoop (String) async throws -> Void
  ) async throws {
    var template = Array("/tmp/certification-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let socket = folder + "/s"
    let server = try Program([
      "/bin/sh", "-c", "ulimit -n \(descriptors) && exec \"$0\" \"$1\"",
      Program.built("varlink-certification"), socket,
    ])
    try #require(await server.line() == "ready")
    do {
      try await body(socket)
    } catch {
      server.child.send(SIGKILL)
      throw error
    }
    server.child.send(SIGTERM)
    #expect(try await server.end().status == 0)
    #expect(access(socket, F_OK) != 0)
    unlink(socket + ".lock")
    rmdir(folder)
  }
}

/// A variable of the environment.
private func environment(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}

/// A program that runs beside the test, its output read through a pipe.
@EventLoop
private final class Program {
  let child: ChildProcess
  private let input: Int32
  private var output: [UInt8] = []

  init(_ arguments: [String]) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SystemError("pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    var options = ChildProcess.Options(arguments)
    for name in ["PATH", "HOME", "LLVM_PROFILE_FILE"] {
      options.environment[name] = SocketTests.environment(name)
    }
    options.standardOutput = ends[1]
    options.standardError = ends[1]
    options.parentDeathSignal = SIGKILL
    input = ends[0]
    defer { close(ends[1]) }
    child = try ChildProcess(options)
  }

  /// The path of an executable of this package: it is built beside the test's own.
  nonisolated static func built(_ name: String) -> String {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = buffer.withUnsafeMutableBytes {
      readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    let path = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    return path[..<(path.lastIndex(of: "/") ?? path.startIndex)] + "/\(name)"
  }

  static func run(_ arguments: [String]) async throws -> (output: String, status: Int32) {
    try await Program(arguments).end()
  }

  /// The first line that it writes; nil where it ends without.
  func line() async -> String? {
    while true {
      if let end = output.firstIndex(of: 0x0A) {
        return String(decoding: output[..<end], as: UTF8.self)
      }
      guard await read() else { return nil }
    }
  }

  /// Waits for its end: all its output, and its status.
  func end() async throws -> (output: String, status: Int32) {
    while await read() {}
    close(input)
    return (String(decoding: output, as: UTF8.self), await child.wait())
  }

  private func read() async -> Bool {
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = Glibc.read(input, &chunk, chunk.count)
      if count >= 0 {
        output += chunk[..<count]
        return count > 0
      }
      guard errno == EAGAIN else { return false }
      let ready = Signal()
      let watch = EventLoop.watch(input, for: .read) { _ in ready.fire() }
      await ready.wait()
      watch.cancel()
    }
  }
}
