internal import CLinux
package import EventLoop
internal import Glibc
package import JSON

/// Why a call of the test client has no reply parameters.
package enum TestClientError: Error, Equatable {
  /// An error reply: its name and parameters.
  case reply(String, JSON)
  /// The connection ended before the reply.
  case connectionLost
  case notConnected(Int32)
}

/// A Varlink client for tests: a connection on the loop, calls answered in order, no library of ours in
/// between but JSON.
@EventLoop
package final class TestClient {
  private let descriptor: Int32
  private var watch: Watch?
  private var input: [UInt8] = []
  private var replies: [JSON] = []
  private var waiters: [Promise<Result<JSON, TestClientError>>] = []
  package private(set) var isClosed = false

  package init(_ path: String) throws(TestClientError) {
    let descriptor = clinux_unix_connect(path, 1)
    guard descriptor >= 0 else { throw .notConnected(errno) }
    self.descriptor = descriptor
    watch = EventLoop.watch(descriptor, for: .read) { [weak self] _ in self?.receive() }
  }

  /// Calls a method and gives the reply's parameters.
  package func call(_ method: String, _ parameters: JSON = [:]) async throws(TestClientError)
    -> JSON
  {
    send(["method": .string(method), "parameters": parameters])
    return try await reply()
  }

  /// Sends a message; it may be anything that is JSON.
  package func send(_ message: JSON) { send(bytes: message.bytes + [0]) }

  /// Sends bytes as they are.
  package func send(bytes: [UInt8]) {
    var offset = 0
    while offset < bytes.count, !isClosed {
      let count = bytes[offset...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        offset += count
      } else if errno == EAGAIN {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        Glibc.poll(&poll, 1, 1_000)
      } else {
        return close()
      }
    }
  }

  /// The parameters of the next reply.
  package func reply() async throws(TestClientError) -> JSON {
    let message = try await message()
    if let error = message["error"]?.string { throw .reply(error, message["parameters"] ?? [:]) }
    return message["parameters"] ?? [:]
  }

  /// The next message as it came.
  package func message() async throws(TestClientError) -> JSON {
    if !replies.isEmpty { return replies.removeFirst() }
    if isClosed { throw .connectionLost }
    let promise = Promise<Result<JSON, TestClientError>>()
    waiters.append(promise)
    return try await promise.get().get()
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    watch?.cancel()
    watch = nil
    _ = Glibc.close(descriptor)
    for waiter in waiters { waiter.fulfil(.failure(.connectionLost)) }
    waiters = []
  }

  private func receive() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    guard count > 0 else { return close() }
    input.append(contentsOf: buffer[..<count])
    while let end = input.firstIndex(of: 0) {
      let text = String(decoding: input[..<end], as: UTF8.self)
      input.removeSubrange(...end)
      guard let message = try? JSON.parse(text) else { return close() }
      if waiters.isEmpty {
        replies.append(message)
      } else {
        waiters.removeFirst().fulfil(.success(message))
      }
    }
  }
}
