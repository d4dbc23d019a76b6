internal import EventLoop
internal import JSON

/// One client's connection: frames in, calls in their order, replies out in the same order.
///
/// It goes on until the peer has left or sends no more, and the last call has ended and its reply is out.
@EventLoop
final class Connection {
  let peer: Peer
  private(set) var watermark: Int
  private unowned let server: VarlinkServer
  private let limits: ServerLimits
  private let socket: StreamSocket
  /// Nil once the socket is closed.
  private var watch: Watch?

  // What comes in.
  private var frames: FrameReader
  /// Nothing more is read from the socket.
  private var inputEnded = false
  /// Nothing more is taken on, whatever has come: the peer broke the protocol or a bound, or the server stops.
  private var refuses = false
  /// Frames may be left that could not be taken on yet.
  private var framesWait = false

  // What runs: calls in the order of their replies, and those that get none.
  private var calls: [Call] = []
  private var onewayCalls = 0
  private var unansweredBytes = 0

  // What goes out.
  private var output: [UInt8] = []
  private var sent = 0
  private var heldBackBytes = 0
  private var waitingForRoom: [CheckedContinuation<Void, Never>] = []

  /// Ticks of the server that are left to finish a frame, and to read some output.
  private var frameTicks: Int?
  private var readTicks: Int?
  private var isSettling = false
  /// Whether the server has it on its list of connections to settle at the end of the turn.
  var isDirty = false

  init(_ socket: StreamSocket, _ peer: Peer, of server: VarlinkServer) {
    self.socket = socket
    self.peer = peer
    self.server = server
    watermark = server.watermarks[peer.uid] ?? 0
    limits = server.limits
    frames = FrameReader(limit: server.limits.requestBytes)
    watch = EventLoop.watch(socket.descriptor, for: .read) { [self] in ready($0) }
  }

  func raiseWatermark(to number: Int) {
    watermark = max(watermark, number)
    server.watermarks[peer.uid] = max(server.watermarks[peer.uid] ?? 0, number)
  }

  private var isGone: Bool { watch == nil }
  private var unsent: Int { output.count - sent }

  /// Whether another call may start now.
  private var mayStart: Bool {
    !refuses && calls.count + onewayCalls < limits.callsPerConnection
      && unansweredBytes < limits.unansweredBytes
      && unsent + heldBackBytes < 2 * limits.streamBytes
  }

  // MARK: In

  private func ready(_ interest: Interest) {
    if !interest.isDisjoint(with: .hangUp) {
      hungUp()
    } else {
      if interest.contains(.read) { receive() }
      settle()
    }
  }

  /// Whether there may be more to receive.
  @discardableResult
  private func receive() -> Bool {
    switch socket.receive(into: &server.chunk) {
    case .bytes(let count):
      frames.append(server.chunk[..<count])
      return true
    case .nothingYet: return false
    case .end:
      inputEnded = true
      return false
    }
  }

  /// The peer has closed its end. What it sent before is still carried out: a oneway call, say. The kernel
  /// holds a bounded amount of it.
  func hungUp() {
    while !inputEnded && receive() {}
    leave()
    settle()
  }

  /// Those of which the peer has left, though the loop has not come to it yet.
  static func hungUp(among connections: [Connection]) -> [Connection] {
    let open = connections.filter { !$0.isGone }
    return zip(open, StreamSocket.areHungUp(open.map(\.socket))).filter(\.1).map(\.0)
  }

  /// Brings the connection up to date after anything has happened to it.
  func settle() {
    if isSettling { return }
    isSettling = true
    var progress = false
    var taken = 0
    repeat {
      taken += takeFrames()
      progress = flush() || progress
    } while framesWait && mayStart
    isSettling = false
    isDirty = false
    if isOver { return close() }
    guard let watch else { return }
    var interest: Interest = inputEnded || !mayStart ? [] : .read
    if unsent > 0 { interest.insert(.write) }
    watch.interest = interest
    setDeadlines(taken: taken, progress: progress)
  }

  private func takeFrames() -> Int {
    framesWait = false
    if frames.isEmpty { return 0 }
    let now = ContinuousClock().now
    var taken = 0
    while mayStart {
      do {
        guard let range = try frames.next() else {
          frames.shrink()
          return taken
        }
        try take(range, at: now)
      } catch {
        refuse()
      }
      taken += 1
    }
    framesWait = !refuses && !frames.isEmpty
    return taken
  }

  /// Throws where it is no call at all.
  private func take(_ range: Range<Int>, at now: ContinuousClock.Instant)
    throws(CallMessage.Malformed)
  {
    let bytes = frames.bytes
    let frame = bytes.span.extracting(range)
    server.lendBuffer(to: &output)
    if calls.isEmpty, let kept = server.kept,
      Reply.write(
        to: &output,
        parameters: { kept.write(replyTo: frame, of: peer, watermark: watermark, to: &$0) })
    {
      return
    }
    try start(CallMessage(frame), bytes[range], at: now)
  }

  // MARK: Calls

  private func start(
    _ message: CallMessage, _ frame: ArraySlice<UInt8>, at now: ContinuousClock.Instant
  ) {
    guard let route = server.route(of: message.method) else {
      return refuse(message, server.notFound(message.method), at: now)
    }
    if message.upgrade { return refuse(message, .notImplemented(message.method), at: now) }
    if let path = message.unstorable { return refuse(message, .invalid(path), at: now) }
    if let invalid = route.check(message.parameters) {
      return refuse(message, .invalid(invalid.path), at: now)
    }
    let kept = route.interface.keepsReplies ? Array(frame) : nil
    let call = admit(Call(message, kept, to: route, on: self, at: now))
    if route.interface.handleAtOnce(call) { return }
    Task.immediate { @EventLoop in
      await route.interface.handle(call)
      call.handlerReturned()
    }
  }

  private func refuse(_ message: CallMessage, _ refusal: Refusal, at now: ContinuousClock.Instant) {
    let call = admit(Call(message, to: server.refusals, on: self, at: now))
    call.fail(refusal.error, refusal.parameters)
  }

  private func admit(_ call: Call) -> Call {
    unansweredBytes += call.requestSize
    if call.isOneway { onewayCalls += 1 } else { calls.append(call) }
    if isGone { call.hangUp() }
    return call
  }

  // MARK: Out

  /// Takes a reply of a call: to the output if it is the call's turn, else to be held back until then.
  func put(_ reply: Reply, for call: Call) {
    if !call.isOneway && !isGone {
      let isTooLarge: Bool
      if calls.first === call {
        isTooLarge = append(reply, of: call.route, to: &output)
      } else {
        let before = call.heldBack.count
        isTooLarge = append(reply, of: call.route, to: &call.heldBack)
        heldBackBytes += call.heldBack.count - before
      }
      if isTooLarge && !reply.isFinal { call.endEarly() }
      if unsent + heldBackBytes > limits.queuedReplyBytes { abandon() }
    }
    if call.isAnswered { finished(call) }
    if !isSettling { server.settleSoon(self) }
  }

  /// Whether the reply was too large, and an error stands in its place.
  private func append(_ reply: Reply, of route: Route, to out: inout [UInt8]) -> Bool {
    let start = out.count
    reply.write(to: &out)
    let size = out.count - start - 1
    if size <= limits.replyBytes { return false }
    out.removeLast(size + 1)
    Reply.error(
      "\(route.interfaceName).ReplyTooLarge",
      ["bytes": .int(size), "limit": .int(limits.replyBytes)]
    ).write(to: &out)
    return true
  }

  private func finished(_ call: Call) {
    unansweredBytes -= call.requestSize
    if call.isOneway {
      onewayCalls -= 1
      return
    }
    while let first = calls.first, first.isAnswered {
      calls.removeFirst()
      if let next = calls.first { release(next) }
    }
  }

  /// Lets out what a call has answered before it was its turn.
  private func release(_ call: Call) {
    if call.heldBack.isEmpty { return }
    if !isGone { output += call.heldBack }
    heldBackBytes -= call.heldBack.count
    call.heldBack = []
  }

  /// Writes what there is to write; whether the peer's buffer took any.
  private func flush() -> Bool {
    if unsent == 0 || isGone { return false }
    let before = sent
    loop: while unsent > 0 {
      switch socket.send(output, from: sent) {
      case .bytes(let count): sent += count
      case .nothingYet: break loop
      case .broken:
        leave()
        return false
      }
    }
    let progress = sent > before
    if unsent == 0 {
      server.takeBuffer(from: &output)
      sent = 0
    } else if sent >= output.count / 2 {
      output.removeFirst(sent)
      sent = 0
    }
    if unsent <= limits.streamBytes { wakeStreams() }
    return progress
  }

  // MARK: Streams

  func waitForRoom(for call: Call) async {
    while !call.isOver && backlog(of: call) > limits.streamBytes {
      await withCheckedContinuation { waitingForRoom.append($0) }
    }
  }

  private func backlog(of call: Call) -> Int {
    calls.first === call ? unsent : call.heldBack.count
  }

  private func wakeStreams() {
    if waitingForRoom.isEmpty { return }
    let waiting = waitingForRoom
    waitingForRoom = []
    for continuation in waiting { continuation.resume() }
  }

  // MARK: Deadlines

  private func setDeadlines(taken: Int, progress: Bool) {
    let isInFrame = !inputEnded && mayStart && !frames.isEmpty
    if !isInFrame {
      frameTicks = nil
    } else if frameTicks == nil || taken > 0 {
      frameTicks = server.ticks(in: limits.frameTime)
    }
    if unsent == 0 {
      readTicks = nil
    } else if readTicks == nil || progress {
      readTicks = server.ticks(in: limits.unreadTime)
    }
    if hasDeadline { server.tickOn() }
  }

  var hasDeadline: Bool { frameTicks != nil || readTicks != nil }

  /// Ends the connection of a peer that has let a deadline pass.
  func tick() {
    frameTicks = frameTicks.map { $0 - 1 }
    readTicks = readTicks.map { $0 - 1 }
    if readTicks == 0 {
      abandon()
    } else if frameTicks == 0 {
      refuse()
    } else {
      return
    }
    settle()
  }

  // MARK: The end

  /// Takes on nothing more. Calls that run are answered still, but for streams: those have no end to wait for.
  func refuse() {
    refuses = true
    inputEnded = true
    framesWait = false
    frames = FrameReader(limit: 0)
    if calls.contains(where: \.wantsMore) {
      _ = flush()
      leave()
    }
  }

  /// Ends the connection at once, but for the handlers that still run.
  func abandon() {
    refuse()
    leave()
  }

  /// Nobody is there to be answered any more.
  private func leave() {
    guard let watch else { return }
    watch.cancel()
    self.watch = nil
    socket.close()
    inputEnded = true
    output = []
    sent = 0
    frameTicks = nil
    readTicks = nil
    for call in calls { call.hangUp() }
    wakeStreams()
    server.settleSoon(self)
  }

  private var isOver: Bool {
    inputEnded && !framesWait && calls.isEmpty && onewayCalls == 0 && (isGone || unsent == 0)
  }

  private func close() {
    leave()
    server.remove(self)
  }
}
