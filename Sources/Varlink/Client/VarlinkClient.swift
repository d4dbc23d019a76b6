internal import CLinux
import Glibc
package import JSON

/// The calling side of one Varlink connection: blocking, one call at a time.
///
/// Frames are JSON objects ended by a NUL byte. The thread sleeps in `poll`, so that a wait can be
/// bounded and interrupted.
package final class VarlinkClient {
  /// The longest reply that is read, in bytes; a daemon that sends more is not one of ours.
  package static let maxReplyBytes = 64 << 20

  /// How long to wait for each reply, in milliseconds; nil without bound.
  package var replyTimeoutMilliseconds: Int?

  private var descriptor: Int32
  private let interruption: Int32?
  private var received: [UInt8] = []
  private var chunk = [UInt8](repeating: 0, count: 1 << 16)
  /// Where the first byte not yet handed out is in `received`, and up to where it holds no NUL.
  private var start = 0
  private var scanned = 0

  /// Connects to a socket. `interruption` is a descriptor, of a signalfd for example, that ends any wait
  /// with `ClientError.interrupted` once it is readable.
  package init(path: String, interruption: Int32? = nil) throws(ClientError) {
    let opened = unsafe clinux_unix_connect(path, 0)
    guard opened >= 0 else { throw .unreachable(path: path, code: errno) }
    descriptor = opened
    self.interruption = interruption
  }

  /// Takes over a connected stream socket and closes it in the end.
  package init(adopting descriptor: Int32, interruption: Int32? = nil) {
    self.descriptor = descriptor
    self.interruption = interruption
  }

  deinit {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
  }

  /// Ends the connection; any later call fails with `connectionLost`.
  package func close() {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Calls a method by its full name and gives the parameters of its reply.
  package func call(_ method: String, _ parameters: JSON = [:]) throws(ClientError) -> JSON {
    try send(["method": .string(method), "parameters": parameters])
    return try reply().parameters
  }

  /// Calls a method with `more`: `body` gets the parameters of each reply, until the last one or until
  /// it gives false. Ended by `body`, the connection is closed, for the peer would go on.
  package func stream(
    _ method: String, _ parameters: JSON = [:], body: (JSON) -> Bool
  ) throws(ClientError) {
    try send(["method": .string(method), "parameters": parameters, "more": true])
    while true {
      let reply = try reply()
      let wanted = body(reply.parameters)
      if !reply.continues { return }
      guard wanted else { return close() }
    }
  }

  // MARK: Replies

  private struct Reply {
    let parameters: JSON
    let continues: Bool
  }

  private func reply() throws(ClientError) -> Reply {
    let frame = try frame()
    let value: JSON
    do {
      value = try JSON.parse(frame.span).value
    } catch {
      close()
      throw .malformedReply("\(error)")
    }
    guard value.object != nil else {
      close()
      throw .malformedReply("not an object")
    }
    let parameters = value["parameters"] ?? [:]
    if let name = value["error"]?.string { throw .reply(name: name, parameters: parameters) }
    return Reply(parameters: parameters, continues: value["continues"]?.bool ?? false)
  }

  /// The bytes up to the next NUL.
  private func frame() throws(ClientError) -> [UInt8] {
    while true {
      if let end = received[scanned...].firstIndex(of: 0) {
        let frame = Array(received[start..<end])
        start = end + 1
        scanned = start
        if start == received.count { forgetReceived() }
        return frame
      }
      scanned = received.count
      guard received.count - start <= Self.maxReplyBytes else {
        close()
        throw .malformedReply("over \(Self.maxReplyBytes) bytes")
      }
      try receive()
    }
  }

  private func forgetReceived() {
    received.removeAll(keepingCapacity: received.capacity <= 1 << 20)
    start = 0
    scanned = 0
  }

  /// Appends what the peer has sent, at least one byte.
  private func receive() throws(ClientError) {
    if start > 0 {
      received.removeFirst(start)
      scanned -= start
      start = 0
    }
    let size = chunk.count
    while true {
      try awaitReadable()
      let count = unsafe recv(descriptor, &chunk, size, 0)
      if count > 0 {
        received += chunk[..<count]
        return
      }
      if count < 0 && errno == EINTR { continue }
      close()
      throw .connectionLost(requestSent: true)
    }
  }

  // MARK: Waiting and sending

  private func awaitReadable() throws(ClientError) {
    var watched = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
    if let interruption {
      watched.append(pollfd(fd: interruption, events: Int16(POLLIN), revents: 0))
    }
    while true {
      let count = unsafe poll(
        &watched, nfds_t(watched.count), Int32(replyTimeoutMilliseconds ?? -1))
      if count < 0 && errno == EINTR { continue }
      if count == 0 {
        close()
        throw .timedOut
      }
      if watched.count > 1 && watched[1].revents != 0 { throw .interrupted }
      return
    }
  }

  private func send(_ message: JSON) throws(ClientError) {
    guard descriptor >= 0 else { throw .connectionLost(requestSent: false) }
    var bytes = message.bytes
    bytes.append(0)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          descriptor, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 {
        if errno == EINTR { continue }
        close()
        throw .connectionLost(requestSent: false)
      }
      sent += count
    }
  }
}
