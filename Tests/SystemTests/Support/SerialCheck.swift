import EventLog
import JSON
import Scalars
import TestSupport

/// Whether what several clients at once were told is what they would have been told one after the other.
///
/// A Submit is one step: nothing of others comes between its commands. The order of the steps is that of the log for
/// those that wrote. One that wrote nothing (rejected, conflict, duplicate, withheld, dry run) stands where
/// its outcomes are right, between two steps of the log, not before what any client had been told when it was sent
/// and not after the position of its answer. (Of several daemons one may not have heard yet how far another has
/// written: there its answer's position is no bound, and a dry run may be of a little earlier.)
struct SerialCheck {
  private var planner: SerialPlanner
  private let events: [JSON]
  private let writers: [String: Submission]
  private var others: [Submission]
  private(set) var problems: [String] = []

  init(_ submissions: [Submission], events: [JSON], daemons: Int) {
    self.events = events
    others = submissions.filter { !$0.hasWritten && (daemons == 1 || !$0.dryRun) }
    if daemons > 1 { for index in others.indices { others[index].position = events.count } }
    var writers: [String: Submission] = [:]
    for submission in submissions where submission.hasWritten {
      for (command, outcome) in zip(submission.commands, submission.outcomes)
      where outcome["result"] == "applied" {
        let id = command["commandId"]?.string ?? ""
        if writers.updateValue(submission, forKey: id) != nil { problems.append("\(id) twice") }
      }
    }
    self.writers = writers
    let first = events[0]
    planner = SerialPlanner(
      planner: UUID(first["streamId"]?.string ?? "")!,
      actor: Actor(
        personID: UUID(first["personId"]?.string ?? "")!, uid: first["uid"]?.int ?? 0,
        pid: first["pid"]?.int ?? 0))
  }

  /// Runs all steps, and gives what does not fit.
  mutating func run() -> [String] {
    var position = 0
    while problems.isEmpty {
      settleOthers(at: position)
      if position == events.count { break }
      let next = events[position]
      guard let writer = writers[next["commandId"]?.string ?? ""] else {
        problems.append("nobody was told of \(next.text)")
        break
      }
      step(writer, at: position, next.recordedAt)
      position = planner.events.count
    }
    if problems.isEmpty {
      problems += others.map { "nowhere between \($0.knownHead) and \($0.position): \($0)" }
    }
    return problems
  }

  private mutating func step(_ writer: Submission, at position: Int, _ now: Instant) {
    let expected = planner.run(writer, now: now)
    compare(expected, writer)
    let written = planner.events[position...]
    for (event, written) in zip(events[position...], written) where !written.matches(event) {
      problems.append("\(event.text) should be \(written)")
    }
    if written.isEmpty || planner.events.count > events.count {
      problems.append("\(writer) should have written \(written.count) events")
    }
    if writer.knownHead > position || writer.position < planner.events.count {
      problems.append("\(writer) stands at \(position), out of its time")
    }
  }

  private mutating func compare(_ expected: [SerialPlanner.Expected], _ submission: Submission) {
    for (expected, outcome) in zip(expected, submission.outcomes) where !expected.matches(outcome) {
      problems.append("\(outcome.text) should be \(expected) in \(submission)")
    }
  }

  private mutating func settleOthers(at position: Int) {
    let now = events.indices.contains(position) ? events[position].recordedAt : WallClock.now
    others.removeAll { other in
      guard (other.knownHead...max(other.knownHead, other.position)).contains(position) else {
        return false
      }
      var copy = planner
      let expected = copy.run(other, now: now)
      return expected.count == other.outcomes.count
        && zip(expected, other.outcomes).allSatisfy { $0.matches($1) }
    }
  }
}

extension JSON {
  fileprivate var recordedAt: Instant { Instant(self["recordedAt"]?.string ?? "")! }

  /// The value with the members of objects sorted and without null ones, and instants in one form.
  var normalized: JSON {
    switch self {
    case .string(let text): Instant(text).map { .string($0.description) } ?? self
    case .array(let elements): .array(elements.map(\.normalized))
    case .object(let object):
      .object(
        JSONObject(
          unique: object.members.filter { $0.value != .null }.sorted { $0.name < $1.name }
            .map { .init(name: $0.name, value: $0.value.normalized) }))
    default: self
    }
  }
}
