internal import CLibpq
internal import EventLoop
internal import Glibc

/// Where and as whom to connect: a libpq connection string or URL, and what is set on top of it.
package struct ConnectionInfo: Sendable {
  /// `postgres://…` or `key=value …`; hosts may be several.
  package let url: String
  /// Keywords of libpq that win over the URL's (`user`, `application_name`, `options`, …).
  package var settings: [String: String]
  /// How long the server may be at one run of statements. With more it hangs: the connection is given up, and what was
  /// under way has an unknown outcome. Nil is for statements that may take any time.
  package var replyTime: Duration?

  package init(url: String, settings: [String: String] = [:]) {
    self.url = url
    self.settings = settings
  }

  package func setting(_ key: String, _ value: String) -> ConnectionInfo {
    var copy = self
    copy.settings[key] = value
    return copy
  }
}

/// A connection on its way from the thread that opened it to the loop.
///
/// `@unchecked Sendable`: handed over once; the thread forgets it.
@safe struct Connected: @unchecked Sendable {
  let pointer: OpaquePointer
}

/// Opens connections on a thread each, since libpq looks host names up, and speaks TLS, in blocking calls.
enum Connector {
  /// What the URL may say otherwise. A server that is gone without a word is noticed within half a minute, of an idle
  /// connection as well as of one that waits for an answer.
  private static let defaults = [
    "connect_timeout": "10", "keepalives_idle": "15", "keepalives_interval": "5",
    "keepalives_count": "3", "tcp_user_timeout": "30000",
  ]

  static func connect(_ info: ConnectionInfo) async -> Result<Connected, PostgresError> {
    await withCheckedContinuation { continuation in
      BlockingThread.run {
        continuation.resume(returning: connectBlocking(info))
      }
    }
  }

  private static func connectBlocking(_ info: ConnectionInfo) -> Result<Connected, PostgresError> {
    var pairs = defaults.sorted { $0.key < $1.key } + [(key: "dbname", value: info.url)]
    pairs += info.settings.merging(["client_encoding": "UTF8"]) { $1 }.sorted { $0.key < $1.key }
    let keys = unsafe pairs.map { unsafe UnsafePointer<CChar>(strdup($0.key)) } + [nil]
    let values = unsafe pairs.map { unsafe UnsafePointer<CChar>(strdup($0.value)) } + [nil]
    defer {
      for index in unsafe keys.indices {
        unsafe free(UnsafeMutablePointer(mutating: keys[index]))
        unsafe free(UnsafeMutablePointer(mutating: values[index]))
      }
    }
    guard let pointer = unsafe PQconnectdbParams(keys, values, 1) else {
      return .failure(PostgresError(sqlState: nil, message: "out of memory"))
    }
    if unsafe PQstatus(pointer) == CONNECTION_OK {
      return unsafe .success(Connected(pointer: pointer))
    }
    let message = oneLine(unsafe String(cString: PQerrorMessage(pointer)))
    unsafe PQfinish(pointer)
    return .failure(PostgresError(sqlState: nil, message: message))
  }
}
