internal import CLinux
internal import Glibc

/// The system calls on a connected, non-blocking stream socket.
struct StreamSocket {
  let descriptor: Int32

  enum Received {
    case bytes(Int)
    case nothingYet
    /// The peer will send no more, or the socket is broken.
    case end
  }

  enum Sent {
    case bytes(Int)
    case nothingYet
    case broken
  }

  func receive(into buffer: inout [UInt8]) -> Received {
    let size = buffer.count
    while true {
      let count = unsafe recv(descriptor, &buffer, size, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .nothingYet
      default: return .end
      }
    }
  }

  func send(_ bytes: [UInt8], from start: Int) -> Sent {
    while true {
      let count = unsafe bytes.withUnsafeBytes { raw in
        unsafe Glibc.send(
          descriptor, raw.baseAddress! + start, raw.count - start, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 { return .bytes(count) }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .nothingYet
      default: return .broken
      }
    }
  }

  /// For each socket, whether the peer has closed its end altogether.
  static func areHungUp(_ sockets: [StreamSocket]) -> [Bool] {
    var states = sockets.map { pollfd(fd: $0.descriptor, events: 0, revents: 0) }
    _ = unsafe poll(&states, nfds_t(states.count), 0)
    return states.map { $0.revents != 0 }
  }

  func close() {
    _ = Glibc.close(descriptor)
  }
}
