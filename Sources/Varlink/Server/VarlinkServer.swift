package import EventLoop
internal import JSON

/// A Varlink service on Unix sockets: interfaces, and the connections of those who call them.
@EventLoop
package final class VarlinkServer {
  package let limits: ServerLimits
  /// Asked before a call is read; its interface keeps what it says.
  package weak var kept: (any KeptReplies)?
  /// The highest of any connection, by user.
  var watermarks: [UInt32: Int] = [:]
  private let service: ServiceInterface
  private var interfaces: [any VarlinkInterface] = []
  private var routes: [String: Route] = [:]
  /// Where calls go that are answered before they reach an interface.
  let refusals: Route

  private var listeners: [Listener] = []
  private var connections: [ObjectIdentifier: Connection] = [:]
  private var connectionsOfUid: [UInt32: Int] = [:]
  private var dirty: [Connection] = []
  private var isTicking = false
  private var emptied: Signal?

  /// What is received goes here first, so that a quiet connection keeps no buffer.
  var chunk = [UInt8](repeating: 0, count: 1 << 15)

  /// A buffer for output, of whichever connection has some: one that has none keeps none.
  private var spare: [UInt8] = []
  private static let spareCapacity = 1 << 20

  /// Gives a connection that has no buffer the one that is spare.
  func lendBuffer(to output: inout [UInt8]) {
    if output.capacity == 0 { swap(&output, &spare) }
  }

  /// Takes back a buffer whose bytes are out.
  func takeBuffer(from output: inout [UInt8]) {
    output.removeAll(keepingCapacity: true)
    if output.capacity > spare.capacity && output.capacity <= VarlinkServer.spareCapacity {
      swap(&output, &spare)
    }
    output = []
  }

  package init(identity: ServiceIdentity, limits: ServerLimits = ServerLimits()) {
    self.limits = limits
    service = ServiceInterface(identity)
    refusals = Route(
      .init(name: "", input: [], output: []), of: service.definition, service, unchecked: [])
    register(service)
  }

  // MARK: Interfaces

  /// Serves an interface from now on, in place of one of the same name. Calls that run are not touched.
  package func register(_ interface: any VarlinkInterface) {
    let definition = interface.definition
    unregister(definition.name)
    interfaces.append(interface)
    service.served.append(definition)
    for method in definition.methods.values {
      let route = Route(method, of: definition, interface, unchecked: interface.uncheckedTypes)
      routes[route.fullName] = route
    }
  }

  private func unregister(_ name: String) {
    guard let index = service.served.firstIndex(where: { $0.name == name }) else { return }
    interfaces.remove(at: index)
    service.served.remove(at: index)
    routes = routes.filter { $0.value.interfaceName != name }
  }

  func route(of method: String) -> Route? {
    // A dictionary holds canonically equivalent strings for the same; those of an ASCII name are longer.
    guard let route = routes[method], route.fullName.utf8.count == method.utf8.count else {
      return nil
    }
    return route
  }

  func notFound(_ method: String) -> Refusal {
    guard let dot = method.utf8.lastIndex(of: UInt8(ascii: ".")) else { return .invalid("method") }
    let interface = String(method[..<dot])
    return service.served.contains { $0.name == interface }
      ? .noMethod(method) : .noInterface(interface)
  }

  // MARK: Connections

  /// Opens a socket and serves whoever may connect to it: `mode` and `group` say who. The folder's mode is
  /// the caller's business. `PATH.lock` is held as long as the socket is.
  package func listen(
    path: String, mode: UInt32 = 0o660, group: UInt32? = nil
  ) throws(ListenError) {
    let listener = try Listener(path: path, mode: mode, group: group) { [unowned self] in
      accept($0)
    }
    listeners.append(listener)
  }

  /// Open connections, and those left by their peers whose calls still run.
  package var connectionCount: Int { connections.count }

  private func accept(_ socket: StreamSocket) {
    guard let peer = Peer(of: socket.descriptor), hasRoom(for: peer) else { return socket.close() }
    let connection = Connection(socket, peer, of: self)
    connections[ObjectIdentifier(connection)] = connection
    connectionsOfUid[peer.uid, default: 0] += 1
  }

  private func hasRoom(for peer: Peer) -> Bool {
    if isWithinBounds(peer) { return true }
    // Peers may have left without the loop having come to it.
    for connection in Connection.hungUp(among: Array(connections.values)) { connection.hungUp() }
    return isWithinBounds(peer)
  }

  private func isWithinBounds(_ peer: Peer) -> Bool {
    connections.count < limits.connections
      && connectionsOfUid[peer.uid, default: 0] < limits.connectionsPerUid
  }

  func remove(_ connection: Connection) {
    guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    let uid = connection.peer.uid
    let left = connectionsOfUid[uid, default: 0] - 1
    connectionsOfUid[uid] = left > 0 ? left : nil
    if connections.isEmpty { emptied?.fire() }
  }

  // MARK: The turn's end

  /// Settles a connection when all jobs that are ready have run, so that their replies go out in one write.
  func settleSoon(_ connection: Connection) {
    guard !connection.isDirty else { return }
    connection.isDirty = true
    dirty.append(connection)
    if dirty.count == 1 { EventLoop.after(.zero) { [self] in settleAll() } }
  }

  private func settleAll() {
    let connections = dirty
    dirty = []
    for connection in connections { connection.settle() }
  }

  // MARK: Deadlines

  /// Deadlines are counted in ticks, of which a wait takes at least 16. So time in which the loop stood
  /// still, as when the machine sleeps, is not held against the clients.
  private var tick: Duration {
    let shorter = min(limits.frameTime, limits.unreadTime) / 16
    return max(.milliseconds(2), min(.seconds(1), shorter))
  }

  func ticks(in time: Duration) -> Int { Int((time / tick).rounded(.up)) + 1 }

  /// Ticks as long as any connection has a deadline.
  func tickOn() {
    guard !isTicking else { return }
    isTicking = true
    EventLoop.after(tick) { [self] in
      isTicking = false
      for connection in connections.values { connection.tick() }
      if connections.values.contains(where: \.hasDeadline) { tickOn() }
    }
  }

  // MARK: The end

  /// Accepts nobody and takes on nothing any more, lets the calls that run end within `limits.stopTime`
  /// (streams are ended at once), sends their replies, and closes everything.
  package func stop() async {
    for listener in listeners { listener.close() }
    listeners = []
    for connection in connections.values {
      connection.refuse()
      connection.settle()
    }
    if connections.isEmpty { return }
    let signal = Signal()
    emptied = signal
    let timer = EventLoop.after(limits.stopTime) { [self] in
      for connection in connections.values { connection.abandon() }
      signal.fire()
    }
    await signal.wait()
    timer.cancel()
  }
}
