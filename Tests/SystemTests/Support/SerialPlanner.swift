import EventLog
import JSON
import Planner
import Scalars

/// A Submit as a client sent it, and what it was told.
struct Submission {
  let commands: [JSON]
  let atomic: Bool
  let dryRun: Bool
  /// The greatest position that any client had been told of when this was sent.
  let knownHead: Int
  /// The answer's position and outcomes.
  var position = 0
  var outcomes: [JSON] = []

  /// Whether it wrote to the log.
  var hasWritten: Bool { !dryRun && outcomes.contains { $0["result"] == "applied" } }
}

/// The planner run one Submit at a time, by the pure decider alone: what a daemon that does nothing at once
/// would answer and write.
struct SerialPlanner {
  /// An event that is written.
  struct Written {
    let stream: StreamID
    let version: Int
    let type: String
    let data: JSON
    let commandID: UUID
    let occurredAt: Instant
  }

  /// What becomes of a command.
  struct Expected: Equatable {
    var result: String
    var placement = Placement(first: nil, last: nil, version: 0)
    var rule: String?
    var field: String?
    var limit: String?
  }

  private struct Known {
    let bodyHash: [UInt8]
    let placement: Placement
  }

  private let decider = PlannerDecider(timezones: ["UTC", "Europe/Berlin"], authority: "")
  private let stream: StreamID
  private let actor: Actor
  private var state = PlannerState()
  private var versions: [StreamID: Int] = [:]
  private var known: [UUID: Known] = [:]
  private(set) var events: [Written] = []

  init(planner: UUID, actor: Actor) {
    stream = StreamID(category: PlannerDecider.category, id: planner)
    self.actor = actor
  }

  /// Runs a Submit to its end and gives its outcomes; its events are added to `events`.
  mutating func run(_ submission: Submission, now: Instant) -> [Expected] {
    let before = self
    let versionBefore = versions[stream] ?? 0
    var outcomes = submission.commands.map { json in
      decide(
        SubmittedCommand(json, id: Command.identity(of: json).flatMap { UUID($0) }!),
        versionBefore, now)
    }
    let failed = outcomes.contains { !["applied", "duplicate"].contains($0.result) }
    guard submission.dryRun || submission.atomic && failed else { return outcomes }
    self = before
    // What was decided here never came to be.
    for index in outcomes.indices where (outcomes[index].placement.first ?? 0) > events.count {
      if submission.atomic && failed && outcomes[index].result != "idReused" {
        outcomes[index] = Expected(result: "withheld", rule: "withheld")
      } else {
        outcomes[index].placement.first = nil
        outcomes[index].placement.last = nil
      }
    }
    return outcomes
  }

  private mutating func decide(
    _ command: SubmittedCommand<PlannerDecider>, _ versionBefore: Int, _ now: Instant
  ) -> Expected {
    if let known = known[command.id] {
      if known.bodyHash == command.bodyHash {
        return Expected(result: "duplicate", placement: known.placement)
      }
      return Expected(
        result: "idReused", placement: known.placement, rule: "idReused", field: "commandId")
    }
    if let expected = command.expectedVersion, expected != versionBefore {
      return Expected(
        result: "conflict", placement: Placement(first: nil, last: nil, version: versionBefore),
        rule: "conflict", field: "expectedVersion", limit: String(versionBefore))
    }
    do throws(Rejection) {
      let drafts = try decider.decide(
        try command.command.get(), state,
        DecidingContext(stream: stream, actor: actor, now: now))
      return Expected(result: "applied", placement: write(drafts, of: command, now))
    } catch {
      return Expected(
        result: "rejected", rule: error.rule.rawValue, field: error.field, limit: error.limit)
    }
  }

  private mutating func write(
    _ drafts: [EventDraft], of command: SubmittedCommand<PlannerDecider>, _ now: Instant
  ) -> Placement {
    let first = events.count + 1
    for draft in drafts {
      let version = (versions[draft.stream] ?? 0) + 1
      versions[draft.stream] = version
      if draft.stream == stream {
        decider.evolve(&state, type: draft.type, data: draft.data, version: version)
      }
      events.append(
        Written(
          stream: draft.stream, version: version, type: draft.type, data: draft.data,
          commandID: command.id, occurredAt: command.occurredAt ?? now))
    }
    let placement = Placement(
      first: first, last: events.count, version: versions[stream] ?? 0)
    known[command.id] = Known(bodyHash: command.bodyHash, placement: placement)
    return placement
  }
}

extension SerialPlanner.Expected {
  /// Whether an answer says this. A limit that is an instant depends on the moment, and is passed over.
  func matches(_ outcome: JSON) -> Bool {
    outcome["result"]?.string == result
      && outcome["firstPosition"]?.int == placement.first
      && outcome["lastPosition"]?.int == placement.last
      && (outcome["version"]?.int ?? 0) == placement.version
      && outcome["rule"]?.string == rule && outcome["field"]?.string == field
      && (outcome["limit"]?.string == limit || limit.flatMap { Instant($0) } != nil)
  }
}

extension SerialPlanner.Written {
  /// Whether an event of the log is this one.
  func matches(_ event: JSON) -> Bool {
    event["category"]?.string == stream.category
      && event["streamId"]?.string == stream.id.description
      && event["version"]?.int == version && event["type"]?.string == type
      && event["commandId"]?.string == commandID.description
      && event["occurredAt"]?.string.flatMap { Instant($0) } == occurredAt
      // Who the authority is, the daemon alone knows.
      && (type == "PersonSeen" || event["data"]?.normalized == data.normalized)
  }
}
