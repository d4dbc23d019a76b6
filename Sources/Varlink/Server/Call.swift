package import EventLoop
package import JSON

/// One call of a client, to be answered exactly once: by `reply` or `fail`, after any number of `send`s where
/// it `wantsMore`.
///
/// Replies to a oneway call, and to a peer who has left, are dropped in silence.
@EventLoop
package final class Call {
  /// The method's name without the interface's.
  package var method: String { route.method.name }
  package let parameters: JSONObject
  package let wantsMore: Bool
  package let isOneway: Bool
  /// The bytes that it came as, where its interface keeps replies.
  package let frame: [UInt8]?
  /// When it was read from the socket.
  package let startedAt: ContinuousClock.Instant
  package var peer: Peer { connection.peer }
  /// What replies on this connection must have seen: a number that only rises, for the handlers of its calls to set and to go
  /// by. It begins with what was set for the same user before the peer connected, so that one program sees what the one
  /// before it did.
  package var watermark: Int { connection.watermark }

  package func raiseWatermark(to number: Int) { connection.raiseWatermark(to: number) }

  /// Whether nobody waits for an answer any more: the peer has left, the server stops, or the stream was
  /// ended for a bound.
  package private(set) var isOver = false

  /// Replies that wait for those of earlier calls.
  var heldBack: [UInt8] = []
  private(set) var isAnswered = false
  let route: Route
  /// Bytes of its request.
  let requestSize: Int
  private let connection: Connection
  private var hangUpHandler: (@EventLoop () -> Void)?

  init(
    _ message: CallMessage, _ frame: [UInt8]? = nil, to route: Route, on connection: Connection,
    at instant: ContinuousClock.Instant
  ) {
    self.route = route
    self.connection = connection
    parameters = message.parameters
    wantsMore = message.more
    isOneway = message.oneway
    requestSize = message.size
    self.frame = frame
    startedAt = instant
  }

  // MARK: The final reply

  package func reply(_ parameters: JSON = [:]) { finish(.success(parameters)) }

  /// Replies with the text of the parameters' object as it is.
  package func reply(parametersJSON: [UInt8]) { finish(.rawSuccess(parametersJSON)) }

  /// Replies with an error by its full name, `org.plannerd.planner.PlannerNotFound`.
  package func fail(_ error: String, _ parameters: JSON = [:]) { finish(.error(error, parameters)) }

  /// Replies that a parameter is not what it must be.
  package func failInvalidParameter(_ path: String) {
    fail(ServiceError.invalidParameter, ["parameter": .string(path)])
  }

  private func finish(_ reply: Reply) {
    if isOver && isAnswered { return }
    precondition(!isAnswered, "a second reply to \(route.fullName)")
    markAnswered()
    connection.put(reply, for: self)
  }

  // MARK: A stream's replies

  /// Sends one reply of several, and waits while the peer has much unread. False when the peer has left or
  /// the reply was too large: then the call is over.
  package func send(_ parameters: JSON) async -> Bool { await send(.partial(parameters)) }

  /// The same with the text of the parameters' object as it is.
  package func send(parametersJSON: [UInt8]) async -> Bool {
    await send(.rawPartial(parametersJSON))
  }

  private func send(_ reply: Reply) async -> Bool {
    if isOver { return false }
    precondition(!isAnswered, "a reply to \(route.fullName) after the last one")
    precondition(wantsMore, "several replies to \(route.fullName), which was called without more")
    connection.put(reply, for: self)
    await connection.waitForRoom(for: self)
    return !isOver
  }

  // MARK: The end

  /// Calls `handler` once if the call is over before it is answered; at once where it is already. A later
  /// handler replaces an earlier one.
  package func onHangUp(_ handler: @escaping @EventLoop () -> Void) {
    if isOver { return handler() }
    if !isAnswered { hangUpHandler = handler }
  }

  /// Tells whoever works on the call that nobody waits for it.
  func hangUp() {
    guard !isOver, !isAnswered else { return }
    isOver = true
    let handler = hangUpHandler
    hangUpHandler = nil
    handler?()
  }

  /// Notes that its last reply was replaced by another: the call is over for whoever works on it.
  func endEarly() {
    hangUp()
    markAnswered()
  }

  private func markAnswered() {
    isAnswered = true
    hangUpHandler = nil
  }

  /// A handler has returned: without an answer, one is given in its place.
  func handlerReturned() {
    guard !isAnswered else { return }
    if isOver || isOneway {
      reply()
    } else {
      fail(ServiceError.methodNotImplemented, ["method": .string(route.fullName)])
    }
  }
}
