internal import JSON
internal import Scalars

/// What names a command for ever.
struct CommandKey: Hashable, Sendable {
  let stream: StreamID
  let id: UUID
}

/// A command that the log already holds.
struct FoundCommand: Sendable {
  let bodyHash: [UInt8]
  let placement: Placement
}

/// An event of a group, and what the log keeps of its command.
struct PlannedEvent: Sendable {
  let draft: EventDraft
  let version: Int
  let commandID: UUID
  /// Nil but on the first event of its command.
  let command: (name: String, bodyHash: [UInt8], durationMicroseconds: Int)?
  let actor: Actor
  /// Nil: when it is recorded.
  let occurredAt: Instant?
}

/// The decisions on a group of batches: pure, so that a group can be decided again.
///
/// Positions of its own events count from 0 until the log has given the group its first one.
struct GroupPlan<D: Decider> {
  typealias Outcome = CommandOutcome<D.Refusal>

  /// An outcome, and whether its positions count from the group's first event.
  private struct Planned {
    var outcome: Outcome
    var isRelative = false
  }

  /// Where a command is in the group.
  struct Place: Sendable {
    let batch: Int
    let command: Int
  }

  let decider: D
  let now: Instant
  /// States of the streams concerned; versions of other streams that events may go to.
  var states: [StreamID: D.State]
  var versions: [StreamID: Int]
  /// What is known of the past of streams whose commands need it; what the group itself does is added.
  var pasts: [StreamID: D.Past] = [:]
  /// Commands that are known to be in the log.
  let found: [CommandKey: FoundCommand]

  /// The versions that the streams of batches had before the group.
  private var versionsBefore: [StreamID: Int] = [:]

  private(set) var events: [PlannedEvent] = []
  private var planned: [[Planned]] = []
  /// Commands applied earlier in this group.
  private var applied: [CommandKey: FoundCommand] = [:]

  init(
    _ decider: D, now: Instant, states: [StreamID: D.State], versions: [StreamID: Int],
    found: [CommandKey: FoundCommand]
  ) {
    self.decider = decider
    self.now = now
    self.states = states
    self.versions = versions
    self.found = found
  }

  /// Streams that events go to, and whose version was not given.
  private(set) var unknownStreams: Set<StreamID> = []
  /// What of the past was not given and decisions need: without it they do not stand.
  private(set) var unknownPasts: [StreamID: PastRequest] = [:]

  /// Decides a batch on what the batches before it have left.
  mutating func decide(_ batch: CommandBatch<D>) {
    if versionsBefore[batch.stream] == nil { versionsBefore[batch.stream] = versions[batch.stream] }
    guard batch.atomic || batch.dryRun else {
      let outcomes = decideAll(batch)
      return planned.append(outcomes)
    }
    // The copy shares its storage until it is written to.
    let before = self
    let decided = decideAll(batch)
    let isWithheld = batch.atomic && !decided.allSatisfy(\.outcome.isAccepted)
    guard batch.dryRun || isWithheld else { return planned.append(decided) }
    let unknown = unknownPasts
    self = before
    unknownPasts = unknown
    planned.append(decided.map { takeBack($0, isWithheld: isWithheld) })
  }

  func versionBefore(of stream: StreamID) -> Int { versionsBefore[stream] ?? 0 }

  /// The commands that were refused by a decision on the state, not by what the log holds.
  func refusals(in batches: [CommandBatch<D>]) -> [(key: CommandKey, place: Place)] {
    planned.indices.flatMap { index in
      planned[index].indices.compactMap { command in
        switch planned[index][command].outcome {
        case .rejected, .conflict: break
        default: return nil
        }
        let batch = batches[index]
        let key = CommandKey(stream: batch.stream, id: batch.commands[command].id)
        return (key, Place(batch: index, command: command))
      }
    }
  }

  /// Says of a command that was refused that the log holds it. It changed no state, so that all other
  /// decisions stand.
  mutating func amend(_ place: Place, as found: FoundCommand, bodyHash: [UInt8]) {
    planned[place.batch][place.command] = Planned(outcome: earlier(found, bodyHash))
  }

  private func earlier(_ found: FoundCommand, _ bodyHash: [UInt8]) -> Outcome {
    found.bodyHash == bodyHash ? .duplicate(found.placement) : .idReused(found.placement)
  }

  private mutating func decideAll(_ batch: CommandBatch<D>) -> [Planned] {
    let versionBefore = versions[batch.stream] ?? 0
    return batch.commands.map { decide($0, of: batch, versionBefore: versionBefore) }
  }

  private mutating func decide(
    _ submitted: SubmittedCommand<D>, of batch: CommandBatch<D>, versionBefore: Int
  ) -> Planned {
    let key = CommandKey(stream: batch.stream, id: submitted.id)
    if let known = found[key] { return Planned(outcome: earlier(known, submitted.bodyHash)) }
    if let known = applied[key] {
      return Planned(outcome: earlier(known, submitted.bodyHash), isRelative: true)
    }
    if let expected = submitted.expectedVersion, expected != versionBefore {
      return Planned(outcome: .conflict(expected: expected, actual: versionBefore))
    }
    do throws(D.Refusal) {
      let command = try submitted.command.get()
      guard knowsPast(of: command, batch.stream) else { return Planned(outcome: .withheld) }
      let context = DecidingContext(stream: batch.stream, actor: batch.actor, now: now)
      // The state is read in place: a copy held here would make `evolve` copy it.
      let drafts = try decider.decide(
        command, states[batch.stream]!, past(of: batch.stream), context)
      return Planned(outcome: .applied(plan(drafts, of: submitted, in: batch)), isRelative: true)
    } catch {
      return Planned(outcome: .rejected(error))
    }
  }

  func past(of stream: StreamID) -> D.Past {
    pasts[stream] ?? D.Past(covering: PastRequest(), through: 0)
  }

  /// Whether a command can be decided; otherwise what it needs is noted.
  private mutating func knowsPast(of command: D.Command, _ stream: StreamID) -> Bool {
    guard let need = decider.pastNeeded(command, states[stream]!, past(of: stream)) else {
      return true
    }
    _ = unknownPasts[stream, default: PastRequest()].add(need)
    return false
  }

  private mutating func plan(
    _ drafts: [EventDraft], of submitted: SubmittedCommand<D>, in batch: CommandBatch<D>
  ) -> Placement {
    precondition(
      drafts.first?.stream == batch.stream, "a command's first event is in its own stream")
    let first = events.count
    let duration = (ContinuousClock().now - batch.receivedAt).microseconds
    for (index, draft) in drafts.enumerated() {
      if versions[draft.stream] == nil { unknownStreams.insert(draft.stream) }
      let version = (versions[draft.stream] ?? 0) + 1
      versions[draft.stream] = version
      if draft.stream == batch.stream {
        decider.evolve(
          &states[draft.stream]!, type: draft.type, data: draft.data, version: version)
      }
      pasts[draft.stream]?.add(
        PastEvent(
          version: version, type: draft.type, data: draft.data, commandID: submitted.id,
          command: index == 0 ? submitted.name : nil))
      events.append(
        PlannedEvent(
          draft: draft, version: version, commandID: submitted.id,
          command: index == 0 ? (submitted.name, submitted.bodyHash, duration) : nil,
          actor: batch.actor, occurredAt: submitted.occurredAt))
    }
    let placement = Placement(
      first: first, last: events.count - 1, version: versions[batch.stream] ?? 0)
    applied[CommandKey(stream: batch.stream, id: submitted.id)] = FoundCommand(
      bodyHash: submitted.bodyHash, placement: placement)
    return placement
  }

  /// The outcome of a command whose batch leaves nothing behind, where it speaks of events of that batch: they
  /// get no positions. What earlier batches of the group did stands.
  private func takeBack(_ planned: Planned, isWithheld: Bool) -> Planned {
    func bare(_ placement: Placement) -> Placement {
      Placement(first: nil, last: nil, version: placement.version)
    }
    switch planned.outcome {
    case .applied(let placement), .duplicate(let placement), .idReused(let placement):
      guard planned.isRelative, placement.first ?? 0 >= events.count else { return planned }
      return switch planned.outcome {
      case .idReused: Planned(outcome: .idReused(bare(placement)))
      case _ where isWithheld: Planned(outcome: .withheld)
      case .duplicate: Planned(outcome: .duplicate(bare(placement)))
      default: Planned(outcome: .applied(bare(placement)))
      }
    default: return planned
    }
  }

  /// The outcomes of each batch, without positions of events that the log does not have.
  func unplacedOutcomes() -> [[Outcome]] {
    planned.map { batch in
      batch.map { planned in
        guard planned.isRelative, let placement = planned.outcome.placement else {
          return planned.outcome
        }
        let bare = Placement(first: nil, last: nil, version: placement.version)
        return switch planned.outcome {
        case .duplicate: .duplicate(bare)
        case .idReused: .idReused(bare)
        default: .applied(bare)
        }
      }
    }
  }

  /// The outcomes of each batch, with the positions that the log gave.
  func outcomes(startingAt first: Int) -> [[Outcome]] {
    func placed(_ placement: Placement) -> Placement {
      Placement(
        first: placement.first.map { $0 + first }, last: placement.last.map { $0 + first },
        version: placement.version)
    }
    return planned.map { batch in
      batch.map { planned in
        guard planned.isRelative else { return planned.outcome }
        return switch planned.outcome {
        case .applied(let placement): .applied(placed(placement))
        case .duplicate(let placement): .duplicate(placed(placement))
        case .idReused(let placement): .idReused(placed(placement))
        default: planned.outcome
        }
      }
    }
  }
}

extension Duration {
  package var microseconds: Int {
    Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
  }
}
