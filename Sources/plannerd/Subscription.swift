import EventLog
import EventLoop
import JSON
import Scalars
import Varlink

extension PlannerService {
  /// Follows the log at the reader's own pace: what is new is read from the log, so that nothing is left out however
  /// slow they are.
  func subscribe(_ call: Call, _ caller: Caller) async {
    guard let planner = planner(call, caller) else { return }
    guard call.wantsMore else {
      return call.fail("org.varlink.service.ExpectedMore")
    }
    let after = call.parameters["after"]?.int
    if let after, after < 0 {
      return invalid(call, "after", "outOfRange", "after must be 0 or more")
    }
    let streams = [
      StreamID(category: PlannerDecider.category, id: planner),
      StreamID(category: PlannerDecider.personCategory, id: caller.actor.personID),
    ]
    await Subscription(call, streams: streams, daemon: daemon).run(after: after ?? daemon.tail.head)
  }
}

/// One caller who follows some streams.
@EventLoop
final class Subscription {
  private let call: Call
  private let streams: [StreamID]
  private let daemon: Daemon
  private var news = Signal()

  /// Events that are read at once.
  private static let batch = 200
  /// A reply takes no more events from here on: one event is at most some hundred kilobytes long.
  private static let replyBytes = 1 << 20

  init(_ call: Call, streams: [StreamID], daemon: Daemon) {
    self.call = call
    self.streams = streams
    self.daemon = daemon
  }

  func run(after start: Int) async {
    let own = Set(streams)
    daemon.tail.followers[ObjectIdentifier(self)] = { [weak self] _, changed in
      if changed?.isDisjoint(with: own) != true { self?.news.fire() }
    }
    call.onHangUp { [weak self] in self?.news.fire() }
    defer { daemon.tail.followers[ObjectIdentifier(self)] = nil }
    guard await call.send(["ready": true, "position": .int(daemon.tail.head), "events": []]) else {
      return
    }
    var position = start
    while !call.isOver {
      let news = self.news
      guard let events = await read(after: position) else { return }
      if events.isEmpty {
        await news.wait()
        self.news = Signal()
      } else {
        position = events.last!.position
        for reply in replies(events) {
          guard await call.send(parametersJSON: reply) else { return }
        }
      }
    }
  }

  /// The next events; while the database is away the subscriber waits. Nil when the call is over.
  private func read(after position: Int) async -> [Event]? {
    while !call.isOver {
      do throws(LogFault) {
        return try await daemon.reader.events(
          of: streams, after: position, limit: Subscription.batch)
      } catch {
        guard error.kind == .unavailable || error.kind == .outcomeUnknown else {
          call.fail("\(PlannerInterface.name).Fault", ["message": .string(error.description)])
          return nil
        }
        await EventLoop.sleep(.milliseconds(200))
      }
    }
    return nil
  }

  /// In as many replies as are needed, none of them much longer than `replyBytes`.
  private func replies(_ events: [Event]) -> [[UInt8]] {
    var replies: [[UInt8]] = []
    var list: [UInt8] = []
    for event in events {
      if !list.isEmpty { list.append(UInt8(ascii: ",")) }
      event.write(to: &list)
      guard list.count >= Subscription.replyBytes || event.position == events.last?.position else {
        continue
      }
      let head = "{\"ready\":false,\"position\":\(event.position),\"events\":["
      replies.append(Array(head.utf8) + list + Array("]}".utf8))
      list = []
    }
    return replies
  }
}

extension Event {
  /// The event as the interface's type `Event`; the data is the text that Postgres made.
  fileprivate func write(to out: inout [UInt8]) {
    let envelope: JSON = [
      "position": .int(position), "category": .string(stream.category),
      "streamId": .string(stream.id.description), "version": .int(version), "type": .string(type),
      "commandId": .string(commandID.description), "personId": .string(actor.personID.description),
      "uid": .int(actor.uid), "pid": .int(actor.pid), "recordedAt": .string(recordedAt.description),
      "occurredAt": .string(occurredAt.description),
      "undoes": undoes.map { .string($0.description) } ?? .null, "hash": .string(hash),
    ]
    envelope.write(to: &out)
    out.removeLast()
    out.append(contentsOf: ",\"data\":\(data ?? "null")}".utf8)
  }
}
