internal import CLibpq
internal import EventLoop
internal import Glibc

/// Where and as whom to connect: a libpq connection string or URL, and what is set on top of it.
package struct ConnectionInfo: Sendable {
  /// `postgres://…` or `key=value …`; hosts may be several.
  package let url: String
  /// Keywords of libpq that win over the URL's (`user`, `application_name`, `options`, …).
  package var settings: [String: String]

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
  static func connect(_ info: ConnectionInfo) async -> Result<Connected, PostgresError> {
    await withCheckedContinuation { continuation in
      BlockingThread.run {
        continuation.resume(returning: connectBlocking(info))
      }
    }
  }

  private static func connectBlocking(_ info: ConnectionInfo) -> Result<Connected, PostgresError> {
    var settings = ["connect_timeout": "10", "client_encoding": "UTF8", "dbname": info.url]
    settings.merge(info.settings) { $1 }
    let names = settings.keys.sorted { ($0 == "dbname" ? 0 : 1, $0) < ($1 == "dbname" ? 0 : 1, $1) }
    let keys = unsafe names.map { unsafe UnsafePointer<CChar>(strdup($0)) } + [nil]
    let values = unsafe names.map { unsafe UnsafePointer<CChar>(strdup(settings[$0]!)) } + [nil]
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
