internal import JSON

/// The bounds that a server holds its clients to.
package struct ServerLimits: Sendable, Equatable {
  /// The longest request; the connection of a longer one is closed.
  package var requestBytes = 1 << 20
  /// The longest reply; in place of a longer one goes the error `ReplyTooLarge` of the call's interface.
  package var replyBytes = 8 << 20
  /// Open connections, in all and of one user.
  package var connections = 1_024
  package var connectionsPerUid = 64
  /// Calls of one connection that are not answered yet; then it is not read until some are.
  package var callsPerConnection = 64
  /// Bytes of requests of one connection that are not answered yet; with as many it is not read until some are.
  package var unansweredBytes = 4 << 20
  /// How long a frame may take from its first byte to its last.
  package var frameTime: Duration = .seconds(30)
  /// How long a peer may leave output unread.
  package var unreadTime: Duration = .seconds(10)
  /// How long `stop` lets calls run on.
  package var stopTime: Duration = .seconds(5)
  /// Unread output from which on a stream waits, and the double of which holds back new calls.
  package var streamBytes = 1 << 18
  /// Replies that one connection may have waiting; with more it is closed.
  package var queuedReplyBytes = 32 << 20

  /// The deepest nesting of JSON in a request.
  package static var jsonDepth: Int { JSON.maxDepth }

  package init() {}
}
