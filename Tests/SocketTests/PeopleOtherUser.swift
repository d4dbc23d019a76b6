import EventLoop
import Glibc
import TestSupport

/// Connections as another user of the machine, which only root can make.
enum OtherUser {
  /// `nobody` on most machines; nothing is theirs.
  static let uid: UInt32 = 65_534

  static let isPossible = geteuid() == 0

  /// A client whom the daemon takes for that user, since the kernel says so: it looks at who the thread is when it
  /// connects. The socket's mode and group let only root in, so it is opened to all before.
  @EventLoop
  static func client(_ daemon: TestDaemon) throws -> TestClient {
    try asThem(daemon) { try daemon.client() }
  }

  @EventLoop
  static func rawPeer(_ daemon: TestDaemon) throws -> RawPeer {
    try asThem(daemon) { try RawPeer(daemon.socket) }
  }

  @EventLoop
  private static func asThem<Value>(_ daemon: TestDaemon, _ body: () throws -> Value) throws
    -> Value
  {
    chmod(daemon.socket, 0o666)
    become(uid)
    defer { become(0) }
    return try body()
  }

  #if arch(x86_64)
    private static let setresuid = 117
  #else
    private static let setresuid = 147
  #endif

  /// Changes the effective user of this thread alone: the system call does what the library's function, which
  /// changes all threads, does not.
  private static func become(_ uid: UInt32) {
    typealias SystemCall = @convention(c) (Int, Int, Int, Int) -> Int
    let systemCall = unsafeBitCast(dlsym(nil, "syscall"), to: SystemCall.self)
    let result = systemCall(setresuid, -1, Int(uid), -1)
    precondition(result == 0, "setresuid: \(errno)")
  }
}
