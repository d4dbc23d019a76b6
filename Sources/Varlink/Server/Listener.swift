package import EventLoop
internal import Glibc

/// Why a socket cannot be listened on.
package enum ListenError: Error, CustomStringConvertible {
  /// A socket's path has at most 107 bytes.
  case pathTooLong(path: String, bytes: Int)
  /// Another process, or this one, holds the lock of the path.
  case inUse(path: String)
  /// There is something else at the path, which is left alone.
  case notASocket(path: String)
  case system(SystemError)

  package var description: String {
    switch self {
    case .pathTooLong(let path, let bytes):
      "the socket's path has \(bytes) bytes, and at most \(Listener.maxPathBytes) are possible: \(path)"
    case .inUse(let path): "\(path) is in use: another process holds \(path).lock"
    case .notASocket(let path): "\(path) exists and is not a socket"
    case .system(let error): error.description
    }
  }
}

/// A listening Unix socket and the lock file beside it.
@EventLoop
final class Listener {
  nonisolated static let maxPathBytes = 107

  private let path: String
  private let lock: Int32
  private let socket: Int32
  private var watch: Watch?
  private let accept: @EventLoop (StreamSocket) -> Void

  /// Accepted in one go before others have their turn.
  private static let acceptedAtOnce = 64
  /// How long to wait when descriptors or memory have run out.
  private static let pause: Duration = .milliseconds(100)

  init(
    path: String, mode: UInt32, group: UInt32?, accept: @escaping @EventLoop (StreamSocket) -> Void
  ) throws(ListenError) {
    guard path.utf8.count <= Self.maxPathBytes else {
      throw .pathTooLong(path: path, bytes: path.utf8.count)
    }
    self.path = path
    self.accept = accept
    lock = try Self.takeLock(of: path)
    do throws(ListenError) {
      try Self.removeStale(path)
      socket = try Self.bind(path, mode, group)
    } catch {
      Glibc.close(lock)
      throw error
    }
    watch = EventLoop.watch(socket, for: .read) { [unowned self] _ in acceptAll() }
  }

  /// Listens no more. The lock file stays: whoever removed it could break another's lock.
  func close() {
    watch?.cancel()
    watch = nil
    Glibc.close(socket)
    _ = unsafe unlink(path)
    Glibc.close(lock)
  }

  // MARK: Accepting

  private func acceptAll() {
    for _ in 0..<Self.acceptedAtOnce {
      let descriptor = SystemCalls.accept(socket)
      if descriptor >= 0 {
        accept(StreamSocket(descriptor: descriptor))
      } else {
        switch errno {
        case EINTR, ECONNABORTED: continue
        case EAGAIN: return
        default: return rest()
        }
      }
    }
  }

  /// Out of descriptors: the connection stays in the queue, so that the loop would call again at once.
  private func rest() {
    watch?.interest = []
    EventLoop.after(Self.pause) { [weak self] in self?.watch?.interest = .read }
  }

  // MARK: Opening

  private static func takeLock(of path: String) throws(ListenError) -> Int32 {
    let name = path + ".lock"
    let descriptor = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .system(SystemError("open", context: name)) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    let code = errno
    Glibc.close(descriptor)
    throw code == EWOULDBLOCK
      ? .inUse(path: path) : .system(SystemError("flock", context: name, code: code))
  }

  /// Removes the socket of a process that has died: the lock is ours, so none that lives is there.
  private static func removeStale(_ path: String) throws(ListenError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
    guard unsafe unlink(path) == 0 else { throw .system(SystemError("unlink", context: path)) }
  }

  /// Group and mode are set before anyone can connect: until `listen` a connection is refused.
  private static func bind(
    _ path: String, _ mode: UInt32, _ group: UInt32?
  ) throws(ListenError) -> Int32 {
    let descriptor = SystemCalls.boundSocket(path)
    guard descriptor >= 0 else { throw .system(SystemError("bind", context: path)) }
    if unsafe group == nil || chown(path, UInt32.max, group ?? 0) == 0,
      unsafe chmod(path, mode) == 0, Glibc.listen(descriptor, 1_024) == 0
    {
      return descriptor
    }
    let error = SystemError("listen", context: path)
    Glibc.close(descriptor)
    throw .system(error)
  }
}
