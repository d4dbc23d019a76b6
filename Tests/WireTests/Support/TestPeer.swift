import EventLoop
import Glibc
import JSON

/// A client of its own making on the loop: it sends any bytes and reads frames, as late as a test wants.
@EventLoop
final class TestPeer {
  private let descriptor: Int32
  private var watch: Watch?
  private var received: [UInt8] = []
  private var chunk = [UInt8](repeating: 0, count: 1 << 16)
  private var waiting: CheckedContinuation<Void, Never>?
  /// How many bytes each read gave.
  private(set) var reads: [Int] = []

  init(_ path: String) throws(SystemError) {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      let error = SystemError("connect", context: path)
      Glibc.close(descriptor)
      throw error
    }
    watch = EventLoop.watch(descriptor, for: []) { [unowned self] in wake($0) }
  }

  // MARK: Sending

  /// Sends the text of a call and its NUL.
  func call(_ message: JSON) async { await send(message.bytes + [0]) }

  func call(_ method: String, _ parameters: JSON = [:]) async {
    await call(["method": .string(method), "parameters": parameters])
  }

  /// Sends all bytes; false when the server has closed.
  @discardableResult
  func send(_ bytes: [UInt8]) async -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        sent += count
      } else if errno == EAGAIN {
        await ready(for: .write)
      } else {
        return false
      }
    }
    return true
  }

  func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  // MARK: Reading

  /// The next reply; nil at the end.
  func reply() async -> JSON? {
    guard let frame = await frame() else { return nil }
    return try? JSON.parse(frame.span).value
  }

  /// The bytes up to the next NUL; nil at the end.
  func frame() async -> [UInt8]? {
    var scanned = 0
    while true {
      if let end = received[scanned...].firstIndex(of: 0) {
        let frame = Array(received[..<end])
        received.removeFirst(end + 1)
        return frame
      }
      scanned = received.count
      guard await receive() else { return nil }
    }
  }

  /// Whether the server closes without another byte.
  func isClosed() async -> Bool {
    guard received.isEmpty else { return false }
    return await !receive()
  }

  private func receive() async -> Bool {
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count > 0 {
        received += chunk[..<count]
        reads.append(count)
        return true
      }
      guard count < 0, errno == EAGAIN else { return false }
      await ready(for: .read)
    }
  }

  private func ready(for interest: Interest) async {
    // Without a watch the server has closed, and the next system call says so.
    guard let watch else { return }
    watch.interest = interest
    await withCheckedContinuation { waiting = $0 }
  }

  private func wake(_ ready: Interest) {
    watch?.interest = []
    if !ready.isDisjoint(with: .hangUp) {
      watch?.cancel()
      watch = nil
    }
    let continuation = waiting
    waiting = nil
    continuation?.resume()
  }

  func close() {
    watch?.cancel()
    watch = nil
    // Closing alone would not end it while a process that another test starts still has a copy.
    shutdown(descriptor, Int32(SHUT_RDWR))
    Glibc.close(descriptor)
  }
}
