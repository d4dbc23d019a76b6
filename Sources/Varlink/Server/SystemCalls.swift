internal import CLinux
internal import Glibc

/// System calls of a listening socket.
enum SystemCalls {
  /// The next connection, non-blocking; -1 with errno.
  static func accept(_ socket: Int32) -> Int32 { clinux_accept(socket) }

  /// A non-blocking stream socket with a name, on which nobody listens yet; -1 with errno.
  static func boundSocket(_ path: String) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    if descriptor < 0 { return -1 }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result == 0 { return descriptor }
    let code = errno
    close(descriptor)
    errno = code
    return -1
  }
}
