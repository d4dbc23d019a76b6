import CLinux
import EventLoop
import Glibc
import TestSupport

/// A peer that sends and reads bytes only when it is told to.
@EventLoop
final class RawPeer {
  private let descriptor: Int32
  private var watch: Watch?
  private var received: [UInt8] = []
  private var readable: Signal?
  private let hungUp = Signal()

  init(_ path: String) throws(TestClientError) {
    let descriptor = clinux_unix_connect(path, 1)
    guard descriptor >= 0 else { throw .notConnected(errno) }
    self.descriptor = descriptor
    watch = EventLoop.watch(descriptor, for: []) { [weak self] in self?.happened($0) }
  }

  private func happened(_ interest: Interest) {
    watch?.interest = []
    readable?.fire()
    guard !interest.isDisjoint(with: .hangUp) else { return }
    watch?.cancel()
    watch = nil
    hungUp.fire()
  }

  /// Sends as much as the socket takes now, and says how much that was.
  @discardableResult
  func push(_ bytes: [UInt8]) -> Int {
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    return max(0, Glibc.send(descriptor, bytes, bytes.count, flags))
  }

  func push(_ frame: String) { push(Array(frame.utf8) + [0]) }

  /// Returns when the daemon has ended the connection, without reading anything.
  func untilClosed() async { await hungUp.wait() }

  /// The text of the next frame; nil at the end of the connection.
  func frame() async -> String? {
    while true {
      if let end = received.firstIndex(of: 0) {
        defer { received.removeSubrange(...end) }
        return String(decoding: received[..<end], as: UTF8.self)
      }
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        received += buffer[..<count]
      } else if count < 0 && errno == EAGAIN && !hungUp.hasFired {
        let readable = Signal()
        self.readable = readable
        watch?.interest = .read
        await readable.wait()
      } else {
        return nil
      }
    }
  }

  func close() {
    watch?.cancel()
    watch = nil
    Glibc.close(descriptor)
  }
}
