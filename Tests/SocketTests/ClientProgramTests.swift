import Glibc
import JSON
import Testing
import Varlink

@testable import planner

/// The program as it is built, and as it is run.
@Suite struct ClientProgramTests {
  /// Beside the test program, where the package's products are.
  private static let path: String = {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let size = buffer.count
    let length = buffer.withUnsafeMutableBytes { bytes in
      readlink("/proc/self/exe", bytes.bindMemory(to: CChar.self).baseAddress!, size)
    }
    let own = String(decoding: buffer[..<max(0, length)], as: UTF8.self)
    return own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/planner"
  }()

  private func run(_ arguments: String...) -> (code: Int32, output: String, errors: String) {
    var pipes: [[Int32]] = [[0, 0], [0, 0]]
    precondition(pipe(&pipes[0]) == 0 && pipe(&pipes[1]) == 0)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, pipes[0][1], 1)
    posix_spawn_file_actions_adddup2(&actions, pipes[1][1], 2)
    for descriptor in pipes.joined() { posix_spawn_file_actions_addclose(&actions, descriptor) }
    var words = ([ClientProgramTests.path] + arguments).map { strdup($0) } + [nil]
    var pid: pid_t = 0
    let result = posix_spawn(&pid, ClientProgramTests.path, &actions, nil, &words, environ)
    precondition(result == 0, "\(ClientProgramTests.path): error \(result)")
    for word in words { free(word) }
    close(pipes[0][1])
    close(pipes[1][1])
    let texts = pipes.map { read(all: $0[0]) }
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return (status >> 8 & 255, texts[0], texts[1])
  }

  private func read(all descriptor: Int32) -> String {
    var lines = LineReader(descriptor: descriptor)
    var text = ""
    while let line = lines.next() { text += String(decoding: line, as: UTF8.self) + "\n" }
    close(descriptor)
    return text
  }

  @Test func `ends with its exit codes and complains on standard error`() {
    let version = run("--version")
    #expect(version.code == 0)
    #expect(version.output == "planner \(PlannerCommand.version)\n")
    let help = run("theme", "rate", "--help")
    #expect(help.code == 0)
    #expect(help.output.contains("usage: planner theme rate THEME PERCENT"))
    let usage = run("theme", "rat")
    #expect(usage.code == ExitCode.usage.rawValue)
    #expect(usage.output == "")
    #expect(usage.errors.contains("did you mean “rate”"))
    let nobody = run("--socket", "/nobody/here", "pillars")
    #expect(nobody.code == ExitCode.noDaemon.rawValue)
    #expect(nobody.errors.contains("/nobody/here"))
    #expect(!nobody.errors.contains("\u{1B}"))
  }

  @Test func `reads commands from standard input's stand-in`() {
    let nothing = run("apply", "/dev/null")
    #expect(nothing.code == 0)
    #expect(nothing.output == "No commands\n")
    #expect(run("apply", "/nobody/here").code == ExitCode.usage.rawValue)
  }

  @Test func `links neither libpq nor Foundation`() throws {
    let descriptor = open(ClientProgramTests.path, O_RDONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    let bytes = try #require(mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0))
    defer { munmap(bytes, size) }
    let file = UnsafeRawBufferPointer(start: bytes, count: size)
    #expect(contains(file, "libc.so"), "the search finds what there is")
    for library in ["libpq.so", "libFoundation.so", "libFoundationEssentials.so", "libicu"] {
      #expect(!contains(file, library), "\(library)")
    }
  }

  private func contains(_ file: UnsafeRawBufferPointer, _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    var start = 0
    while start + wanted.count <= file.count,
      let hit = memchr(file.baseAddress! + start, Int32(wanted[0]), file.count - start)
    {
      let left = file.count - (UnsafeRawPointer(hit) - file.baseAddress!)
      if left >= wanted.count && memcmp(hit, wanted, wanted.count) == 0 { return true }
      start = file.count - left + 1
    }
    return false
  }

  @Test func `connects to a socket by its path`() throws {
    let folder = "/tmp/planner-client-\(getpid())"
    let path = "\(folder)/s"
    mkdir(folder, 0o700)
    defer {
      unlink(path)
      rmdir(folder)
    }
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 1) == 0)
    let client = try VarlinkClient(path: path)
    let far = accept(listener, nil, nil)
    defer { close(far) }
    let reply = Array("{\"parameters\":{\"a\":1}}\0".utf8)
    #expect(write(far, reply, reply.count) == reply.count)
    #expect(try client.call("x.y.Z") == ["a": 1])
  }
}
