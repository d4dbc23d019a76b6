package import EventLoop
internal import JSON
package import Postgres
package import Scalars

/// An attempt that wrote nothing to the log: a duplicate, rejection, conflict, denial, or a read where those
/// are recorded.
package struct Attempt: Sendable {
  package let at: Instant
  package let actor: Actor
  /// The command's or the method's name.
  package let command: String
  package var planner: UUID?
  package var commandID: UUID?
  package var entityID: UUID?
  package let result: String
  package var error: String?
  package var message: String?
  package let durationMicroseconds: Int

  package init(
    at: Instant, actor: Actor, command: String, result: String, durationMicroseconds: Int
  ) {
    self.at = at
    self.actor = actor
    self.command = command
    self.result = result
    self.durationMicroseconds = durationMicroseconds
  }

  var json: JSON {
    func text(_ value: (some CustomStringConvertible)?) -> JSON {
      value.map { .string($0.description) } ?? .null
    }
    return [
      "at": .string(at.description), "personId": .string(actor.personID.description),
      "uid": .int(actor.uid), "pid": .int(actor.pid), "command": .string(command),
      "planner": text(planner), "commandId": text(commandID), "entityId": text(entityID),
      "result": .string(result), "error": text(error), "message": text(message),
      "durationMicroseconds": .int(durationMicroseconds),
    ]
  }
}

/// Writes attempts to the access record in batches, off the path of commands. A crash may lose the last second.
@EventLoop
package final class AccessRecorder {
  /// Attempts that were dropped since the database was away too long.
  package private(set) var dropped = 0

  private let session: Session
  private var waiting: [Attempt] = []
  private var isScheduled = false
  private var writing: Signal?

  private static let delay = Duration.milliseconds(200)
  private static let batchSize = 1_000
  private static let capacity = 50_000

  package init(_ session: Session) {
    self.session = session
  }

  package func record(_ attempt: Attempt) {
    guard waiting.count < AccessRecorder.capacity else {
      dropped += 1
      return
    }
    waiting.append(attempt)
    schedule()
  }

  private func schedule() {
    guard !isScheduled else { return }
    isScheduled = true
    EventLoop.after(AccessRecorder.delay) {
      Task { @EventLoop [self] in
        isScheduled = false
        await flush()
      }
    }
  }

  /// Writes what waits; returns when it is written, or when the database did not take it.
  package func flush() async {
    while let writing { await writing.wait() }
    guard !waiting.isEmpty else { return }
    let done = Signal()
    writing = done
    while !waiting.isEmpty, await write(Array(waiting.prefix(AccessRecorder.batchSize))) {}
    writing = nil
    done.fire()
  }

  private func write(_ batch: [Attempt]) async -> Bool {
    let json = JSON.array(batch.map(\.json))
    do {
      _ = try await session.run(AccessRecorder.statement(.text(json.text)), resend: .forbidden)
    } catch {
      if error.isUnavailable {
        schedule()
        return false
      }
      // A batch that Postgres refuses would stand in the way for ever.
      dropped += batch.count
    }
    waiting.removeFirst(batch.count)
    return true
  }

  private static let statement = Statement("SELECT log.record_access($1::jsonb)")

  /// Deletes records from before a moment.
  package func prune(before: Instant) async throws(LogFault) {
    do {
      _ = try await session.run(
        Statement("SELECT log.prune_access($1)")(.text(before.description)), resend: .allowed)
    } catch {
      throw LogFault(error)
    }
  }
}
