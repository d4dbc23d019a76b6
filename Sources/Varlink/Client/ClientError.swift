package import JSON

/// Why a call through `VarlinkClient` has no reply.
package enum ClientError: Error, Equatable, Sendable {
  /// Nobody answers at that path; `code` is the errno of connect (ENOENT, ECONNREFUSED, EACCES, …).
  case unreachable(path: String, code: Int32)
  /// The connection ended before the reply. With `requestSent` the call may have been carried out;
  /// without, the peer never had the whole of it.
  case connectionLost(requestSent: Bool)
  /// No reply within the time allowed; the call may have been carried out.
  case timedOut
  /// The peer answered with something that is not a Varlink reply.
  case malformedReply(String)
  /// An error reply: its full name and its parameters.
  case reply(name: String, parameters: JSON)
  /// The descriptor that the caller named for interruptions became readable.
  case interrupted
}
