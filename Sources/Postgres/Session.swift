package import EventLoop

/// A connection that comes back by itself: one policy for all of plannerd's use of Postgres.
///
/// It connects with backoff and jitter for as long as it takes. A caller waits for it at most `patience`;
/// what was sent is sent again only where the caller says that this is safe.
@EventLoop
package final class Session {
  package enum State: Equatable, Sendable {
    case connecting(lastError: String?)
    case connected
    case closed
  }

  /// What may be done when the connection is lost after statements were sent.
  package enum Resend: Sendable {
    /// They only read, or doing them twice is the same as once.
    case allowed
    case forbidden
  }

  /// How long a call waits for a connection before it fails.
  package static let patience = Duration.seconds(5)

  package private(set) var state = State.connecting(lastError: nil)
  package var onNotification: (String, String) -> Void = { _, _ in }
  /// Called after each connection is made, before anyone's statements.
  package var onConnect: (Connection) async throws(PostgresError) -> Void = {
    _ throws(PostgresError) in
  }

  private let info: ConnectionInfo
  private var connection: Connection?
  private var waiters: [Signal] = []

  package init(_ info: ConnectionInfo) {
    self.info = info
  }

  /// Starts to connect, and to keep connected.
  package func start() {
    Task { @EventLoop in await connect() }
  }

  /// How often statements were sent: each time is a transaction and a round trip.
  package private(set) var roundTrips = 0
  /// Segments under way.
  package var load: Int { connection?.pendingCount ?? 0 }
  package var processID: Int32? { connection?.processID }

  /// Runs statements as one transaction in one round trip.
  package func run(
    _ queries: [Query], resend: Resend, patience: Duration = Session.patience
  ) async throws(PostgresError) -> [Rows] {
    let deadline = ContinuousClock().now + patience
    while true {
      let connection = try await connection(before: deadline)
      roundTrips += 1
      do {
        return try await connection.run(queries)
      } catch {
        let mayRetry = error.isRetryable || (error.isUnavailable && resend == .allowed)
        guard mayRetry, ContinuousClock().now < deadline else { throw error }
        // A server that is going down may still take a statement and say no at once.
        if connection.isOpen && error.isUnavailable { await EventLoop.sleep(.milliseconds(20)) }
      }
    }
  }

  package func run(
    _ query: Query, resend: Resend, patience: Duration = Session.patience
  ) async throws(PostgresError) -> Rows {
    try await run([query], resend: resend, patience: patience)[0]
  }

  package func close() {
    state = .closed
    connection?.close()
    for waiter in waiters { waiter.fire() }
  }

  private func connection(before deadline: ContinuousClock.Instant) async throws(PostgresError)
    -> Connection
  {
    if let connection, connection.isOpen { return connection }
    let waiter = Signal()
    waiters.append(waiter)
    let timer = EventLoop.after(deadline - ContinuousClock().now) { waiter.fire() }
    await waiter.wait()
    timer.cancel()
    waiters.removeAll { $0 === waiter }
    if let connection, connection.isOpen { return connection }
    throw PostgresError(sqlState: nil, message: unavailableMessage)
  }

  private var isClosed: Bool { state == .closed }

  private var unavailableMessage: String {
    switch state {
    case .closed: "the session is closed"
    case .connecting(let error?): "no connection to Postgres: \(error)"
    default: "no connection to Postgres"
    }
  }

  private func connect() async {
    var backoff = Backoff()
    while !isClosed {
      do {
        let connection = try await Connection.open(info)
        connection.onNotification = { [weak self] in self?.onNotification($0, $1) }
        try await onConnect(connection)
        guard !isClosed else { return connection.close() }
        return adopt(connection)
      } catch {
        if !isClosed { state = .connecting(lastError: error.message) }
        await EventLoop.sleep(backoff.next())
      }
    }
  }

  private func adopt(_ connection: Connection) {
    guard connection.isOpen else { return start() }
    connection.onClose = { [weak self] error in self?.lost(error) }
    self.connection = connection
    state = .connected
    for waiter in waiters { waiter.fire() }
  }

  private func lost(_ error: PostgresError) {
    connection = nil
    guard !isClosed else { return }
    state = .connecting(lastError: error.message)
    start()
  }
}

/// The waits between attempts: from 10 ms to 1 s, each between half and the whole of what it may be. They grow by a
/// quarter, so that the last wait of an outage adds at most about a quarter to it.
package struct Backoff {
  private var ceiling = Duration.milliseconds(10)

  package init() {}

  package mutating func next() -> Duration {
    defer { ceiling = min(ceiling * 1.25, .seconds(1)) }
    return ceiling * Double.random(in: 0.5...1)
  }
}
