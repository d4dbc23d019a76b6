package import EventLoop
internal import JSON
package import Postgres
package import Scalars

/// The way into the log: decides the commands that wait, from all connections, and appends their events in
/// one transaction; answers leave after its commit.
///
/// While one group is on its way to the disk the next one gathers, so that its size follows the load.
@EventLoop
package final class GroupCommit<D: Decider> {
  package typealias Answer = Result<
    (position: Int, outcomes: [CommandOutcome<D.Refusal>]), LogFault
  >

  private struct Waiting {
    let batch: CommandBatch<D>
    let promise: Promise<SentAnswer>
  }

  /// What is done one after the other.
  private enum Work {
    case commit(Waiting)
    case simulate(CommandBatch<D>, Promise<Result<Simulation<D>, LogFault>>)

    var waiting: Waiting? {
      if case .commit(let waiting) = self { waiting } else { nil }
    }
  }

  /// An answer on its way between two tasks of the loop.
  private struct SentAnswer: Sendable {
    let value: Answer
  }

  private let decider: D
  private let session: Session
  private let reader: LogReader
  private let tail: LogTail
  private let schemaVersion: Int
  private let clock: @Sendable () -> Instant
  private let keeper: StateKeeper<D.State>
  private var states: StateCache<D.State>
  /// States of that weight that were dropped are given back to the system at once.
  private static var worthGivingBack: Int { 48 << 20 }
  private static var quiet: Duration { .seconds(1) }
  private var lastUse = ContinuousClock().now
  private var isAwaitingQuiet = false
  private var queue: [Work] = []
  private var isRunning = false
  /// How long to rest after a group, as a multiple of the time that it took, so that what follows the log keeps up.
  package var rest: () -> Double = { 0 }
  private static var longestRest: Duration { .milliseconds(250) }

  /// How many commands one transaction carries at most, unless one batch alone has more.
  private static var groupSize: Int { 2_000 }
  /// Of how many streams they are: the states of all are in memory meanwhile.
  private static var groupStreams: Int { 64 }

  /// What no command waits for is done on the `background` session, where there is one of its own for it.
  package init(
    _ decider: D, session: Session, background: Session? = nil, tail: LogTail, schemaVersion: Int,
    clock: @escaping @Sendable () -> Instant
  ) {
    self.decider = decider
    self.session = session
    self.reader = LogReader(session)
    keeper = StateKeeper(decider.storage, reading: session, writing: background ?? session)
    states = StateCache(weight: decider.storage?.weight ?? { _ in 0 })
    self.tail = tail
    self.schemaVersion = schemaVersion
    self.clock = clock
    keeper.current = { [weak self] in self?.states.peek($0) }
  }

  /// Decides and appends a batch, in the order in which batches are submitted. The position is that of the
  /// log's head as far as this batch has seen it.
  @specialized(where D == PlannerDecider)
  package func submit(_ batch: CommandBatch<D>) async throws(LogFault)
    -> (position: Int, outcomes: [CommandOutcome<D.Refusal>])
  {
    let promise = Promise<SentAnswer>()
    enqueue(.commit(Waiting(batch: batch, promise: promise)))
    switch await promise.get().value {
    case .success(let answer): return answer
    case .failure(let fault): throw fault
    }
  }

  /// Decides a batch on the log as it is, after all that was submitted before, and writes nothing, whether or not it is
  /// a dry run.
  package func simulate(_ batch: CommandBatch<D>) async throws(LogFault) -> Simulation<D> {
    let promise = Promise<Result<Simulation<D>, LogFault>>()
    enqueue(.simulate(batch.inEarnest, promise))
    return try await promise.get().get()
  }

  private func enqueue(_ work: Work) {
    queue.append(work)
    if !isRunning {
      isRunning = true
      Task { @EventLoop in await run() }
    }
  }

  /// With the decider's type known, what is called from here is compiled for it: of generic code most of the time goes to
  /// looking up types.
  @specialized(where D == PlannerDecider)
  private func run() async {
    while let next = queue.first {
      if case .simulate(let batch, let promise) = next {
        queue.removeFirst()
        do throws(LogFault) {
          promise.fulfil(.success(try await simulateNow(batch)))
        } catch {
          promise.fulfil(.failure(error))
        }
      } else {
        let begin = ContinuousClock().now
        await process(takeGroup())
        let rest = rest()
        if rest > 0 {
          await EventLoop.sleep(min((ContinuousClock().now - begin) * rest, Self.longestRest))
        }
      }
    }
    isRunning = false
  }

  private func takeGroup() -> [Waiting] {
    var commands = 0
    var streams: Set<StreamID> = []
    var group: [Waiting] = []
    while group.count < queue.count, let waiting = queue[group.count].waiting {
      commands += waiting.batch.commands.count
      streams.insert(waiting.batch.stream)
      guard group.isEmpty || commands <= Self.groupSize && streams.count <= Self.groupStreams else {
        break
      }
      group.append(waiting)
    }
    queue.removeFirst(group.count)
    return group
  }

  private func process(_ group: [Waiting]) async {
    do throws(LogFault) {
      for (waiting, outcomes) in zip(group, try await commit(group.map(\.batch))) {
        answer(waiting, .success(outcomes))
      }
    } catch {
      if error.kind != .unstorable {
        for waiting in group { answer(waiting, .failure(error)) }
      } else if group.count > 1 {
        // Halves are tried by themselves, until the event whose data Postgres refuses stands alone.
        await process(Array(group[..<(group.count / 2)]))
        await process(Array(group[(group.count / 2)...]))
      } else {
        await answer(group[0], bisect(group[0].batch, error))
      }
    }
  }

  /// The position has seen all that the batch has written, now or before.
  private func answer(
    _ waiting: Waiting, _ outcomes: Result<[CommandOutcome<D.Refusal>], LogFault>
  ) {
    if case .success(let outcomes) = outcomes {
      // Of what was applied by another daemon before, the tail may not have heard yet.
      tail.learned(outcomes.reduce(0) { max($0, $1.placement?.last ?? 0) })
    }
    waiting.promise.fulfil(
      SentAnswer(value: outcomes.map { (position: tail.head, outcomes: $0) }))
  }

  /// As with a group, for the commands of one batch.
  private func bisect(_ batch: CommandBatch<D>, _ refusal: LogFault) async
    -> Result<[CommandOutcome<D.Refusal>], LogFault>
  {
    if batch.commands.count == 1 || batch.atomic {
      return .success(batch.commands.map { _ in .unstorable(refusal.description) })
    }
    var outcomes: [CommandOutcome<D.Refusal>] = []
    let middle = batch.commands.count / 2
    for half in [batch.slice(..<middle), batch.slice(middle...)] {
      do throws(LogFault) {
        outcomes += try await commit([half])[0]
      } catch {
        // What came before may be written: the same commands again will tell.
        if error.kind != .unstorable {
          return .failure(LogFault(.outcomeUnknown, error.description))
        }
        switch await bisect(half, error) {
        case .success(let more): outcomes += more
        case .failure(let fault): return .failure(fault)
        }
      }
    }
    return .success(outcomes)
  }

  // MARK: What if

  private func simulateNow(_ batch: CommandBatch<D>) async throws(LogFault) -> Simulation<D> {
    var known = Knowledge()
    for _ in 0..<Self.attempts {
      var entry: StateCache<D.State>.Entry
      if let cached = states.take(batch.stream) {
        entry = cached
      } else {
        entry = try await beginning(of: batch.stream)
      }
      entry.version = try await reader.fold(
        batch.stream, after: entry.version, into: &entry.state, by: decider)
      states.put(batch.stream, entry)
      known.found = try await reader.find(keys(of: [batch])).found
      var plan = GroupPlan(
        decider, now: max(clock(), tail.lastRecordedAt), states: [batch.stream: entry.state],
        versions: [:], found: known.found)
      if !known.otherStreams.isEmpty {
        plan.versions = try await reader.versions(of: Array(known.otherStreams))
      }
      plan.versions[batch.stream] = entry.version
      try await readPasts([batch], &plan, &known)
      plan.decide(batch)
      if plan.unknownPasts.isEmpty && plan.unknownStreams.isEmpty {
        return plan.simulation(of: batch)
      }
      known.learn(plan.unknownPasts)
      known.otherStreams.formUnion(plan.unknownStreams)
    }
    throw LogFault(.other, "the commands need more and more of the past")
  }

  // MARK: One group

  /// What has been learnt about the commands of a group from the log.
  private struct Knowledge {
    var found: [CommandKey: FoundCommand] = [:]
    /// Found after a COMMIT whose answer was lost: this group itself wrote them.
    var own: Set<CommandKey> = []
    /// Streams that events go to beside the batches' own.
    var otherStreams: Set<StreamID> = []
    /// What commands need to know of the past of their streams.
    var pasts: [StreamID: PastRequest] = [:]
    /// Whether the log was asked about all commands of atomic batches and dry runs.
    var hasAskedAhead = false
    /// States as the log had them when they were last read, once a race for their stream was lost: to be read on
    /// from there, for whoever reads a long stream anew each time loses each race.
    var read: [StreamID: StateCache<D.State>.Entry] = [:]
    private(set) var hasLostRace = false

    mutating func learn(_ requests: [StreamID: PastRequest]) {
      for (stream, request) in requests { _ = pasts[stream, default: PastRequest()].add(request) }
    }

    /// All is decided again, on what the log holds by then.
    mutating func loseRace() {
      hasLostRace = true
      hasAskedAhead = false
    }
  }

  /// How often a group is decided again before it gives up.
  private static var attempts: Int { 200 }

  private func commit(_ batches: [CommandBatch<D>]) async throws(LogFault)
    -> [[CommandOutcome<D.Refusal>]]
  {
    var known = Knowledge()
    for _ in 0..<Self.attempts {
      var plan = try await plan(batches, &known)
      guard plan.unknownPasts.isEmpty else {
        known.learn(plan.unknownPasts)
        known.loseRace()
        forget(plan)
        continue
      }
      guard try await settleRefusals(&plan, batches, &known), plan.unknownStreams.isEmpty else {
        known.otherStreams.formUnion(plan.unknownStreams)
        known.loseRace()
        forget(plan)
        continue
      }
      if plan.events.isEmpty {
        keep(plan)
        return restoreOwn(plan.outcomes(startingAt: 0), batches, known)
      }
      let head = tail.head
      switch await append(plan) {
      case .success(let appended):
        keep(plan)
        tail.appended(
          appended...(appended + plan.events.count - 1), to: Set(plan.events.map(\.draft.stream)))
        return restoreOwn(plan.outcomes(startingAt: appended), batches, known)
      case .failure(let error):
        forget(plan)
        known.loseRace()
        try await learn(from: error, batches, &known, head: head)
      }
    }
    throw LogFault(.other, "the group lost every race for its streams")
  }

  private func plan(_ batches: [CommandBatch<D>], _ known: inout Knowledge) async throws(LogFault)
    -> GroupPlan<D>
  {
    if !known.hasAskedAhead {
      let ahead = batches.filter { $0.atomic || $0.dryRun }
      if !ahead.isEmpty { known.found.merge(try await reader.find(keys(of: ahead)).found) { $1 } }
      known.hasAskedAhead = true
    }
    var plan = GroupPlan(
      decider, now: max(clock(), tail.lastRecordedAt), states: [:], versions: [:],
      found: known.found)
    for stream in Set(batches.map(\.stream)) {
      let entry = try await takeState(of: stream, &known)
      plan.states[stream] = entry.state
      plan.versions[stream] = entry.version
    }
    if !known.otherStreams.isEmpty {
      plan.versions.merge(try await reader.versions(of: Array(known.otherStreams))) { own, _ in own
      }
    }
    try await readPasts(batches, &plan, &known)
    for batch in batches {
      plan.decide(batch)
      if batches.count > 1 && plan.events.count > 200 { await EventLoop.yield() }
    }
    return plan
  }

  /// Reads what commands need of the past, as far as it can be told before the group is decided. What is read may show
  /// that more is needed.
  private func readPasts(
    _ batches: [CommandBatch<D>], _ plan: inout GroupPlan<D>, _ known: inout Knowledge
  ) async throws(LogFault) {
    var streams = Set(known.pasts.keys).intersection(plan.states.keys)
    repeat {
      for stream in streams {
        plan.pasts[stream] = try await reader.past(
          of: stream, known.pasts[stream]!, upTo: plan.versions[stream]!)
      }
      streams = []
      for batch in batches {
        let need = pastNeeded(batch, plan)
        if !need.isEmpty, known.pasts[batch.stream, default: PastRequest()].add(need) {
          streams.insert(batch.stream)
        }
      }
    } while !streams.isEmpty
  }

  private func pastNeeded(_ batch: CommandBatch<D>, _ plan: GroupPlan<D>) -> PastRequest {
    let past = plan.past(of: batch.stream)
    var need = PastRequest()
    for submitted in batch.commands {
      guard case .success(let command) = submitted.command,
        let more = decider.pastNeeded(command, plan.states[batch.stream]!, past)
      else { continue }
      _ = need.add(more)
    }
    return need
  }

  private func takeState(of stream: StreamID, _ known: inout Knowledge) async throws(LogFault)
    -> StateCache<D.State>.Entry
  {
    if let entry = states.take(stream) { return entry }
    var entry: StateCache<D.State>.Entry
    if let read = known.read.removeValue(forKey: stream) {
      entry = read
    } else {
      entry = try await beginning(of: stream)
    }
    entry.version = try await reader.fold(
      stream, after: entry.version, into: &entry.state, by: decider)
    // Otherwise not kept: as long as there is a copy, deciding would have to make another.
    if known.hasLostRace { known.read[stream] = entry }
    return entry
  }

  /// What the rest of a stream's events is folded into.
  private func beginning(of stream: StreamID) async throws(LogFault) -> StateCache<D.State>.Entry {
    try await keeper.load(stream) ?? .init(state: decider.initialState, version: 0)
  }

  /// Asks the log about refused commands: it may hold them, and another daemon may have moved their streams.
  /// False where a stream has moved, so that all must be decided again, or where the log holds a command on which the
  /// rest of its batch depends.
  private func settleRefusals(
    _ plan: inout GroupPlan<D>, _ batches: [CommandBatch<D>], _ known: inout Knowledge
  ) async throws(LogFault) -> Bool {
    let refusals = plan.refusals(in: batches)
    if refusals.isEmpty { return true }
    let answer = try await reader.find(refusals.map(\.key))
    for (stream, version) in answer.versions where version != plan.versionBefore(of: stream) {
      return false
    }
    known.found.merge(answer.found) { earlier, _ in earlier }
    for refusal in refusals {
      guard let found = answer.found[refusal.key] else { continue }
      let batch = batches[refusal.place.batch]
      if batch.atomic || batch.dryRun { return false }
      plan.amend(refusal.place, as: found, bodyHash: batch.commands[refusal.place.command].bodyHash)
    }
    return true
  }

  /// After a failed append: finds out what the log holds, so that the group can be decided again. What stands at the
  /// head that was known before the append, or below, was there before.
  private func learn(
    from error: PostgresError, _ batches: [CommandBatch<D>], _ known: inout Knowledge, head: Int
  ) async throws(LogFault) {
    if error.isUnavailable && error.outcomeUnknown {
      do {
        let answer = try await reader.find(keys(of: batches), afterAppends: true)
        let new = answer.found.filter { ($0.value.placement.first ?? 0) > head }
        known.own.formUnion(new.keys.filter { known.found[$0] == nil })
        known.found.merge(answer.found) { earlier, _ in earlier }
      } catch {
        throw LogFault(.outcomeUnknown, error.description)
      }
    } else if error.isRepeatedCommand {
      known.found.merge(try await reader.find(keys(of: batches)).found) { earlier, _ in earlier }
    } else if error.isDataError && !error.isLostRace {
      throw LogFault(.unstorable, error.description)
    } else if !error.isLostRace {
      throw LogFault(error)
    }
  }

  private func restoreOwn(
    _ outcomes: [[CommandOutcome<D.Refusal>]], _ batches: [CommandBatch<D>], _ known: Knowledge
  ) -> [[CommandOutcome<D.Refusal>]] {
    // The first of several with the same id is the one that wrote.
    var own = known.own
    if own.isEmpty { return outcomes }
    return zip(outcomes, batches).map { outcomes, batch in
      zip(outcomes, batch.commands).map { outcome, command in
        if case .duplicate(let placement) = outcome,
          own.remove(CommandKey(stream: batch.stream, id: command.id)) != nil
        {
          return .applied(placement)
        }
        return outcome
      }
    }
  }

  private func keys(of batches: [CommandBatch<D>]) -> [CommandKey] {
    batches.flatMap { batch in
      batch.commands.map { CommandKey(stream: batch.stream, id: $0.id) }
    }
  }

  private func keep(_ plan: GroupPlan<D>) {
    for (stream, state) in plan.states {
      let version = plan.versions[stream] ?? 0
      keeper.offer(stream, state, version)
      states.put(stream, .init(state: state, version: version))
    }
    giveBack()
  }

  /// What dropped states have left free goes back to the system: much of it at once, the rest when nothing is going on.
  private func giveBack() {
    lastUse = ContinuousClock().now
    if states.takeDroppedWeight(atLeast: Self.worthGivingBack) {
      Memory.giveBack()
    } else if states.droppedWeight > 0, !isAwaitingQuiet {
      isAwaitingQuiet = true
      giveBackWhenQuiet()
    }
  }

  private func giveBackWhenQuiet() {
    EventLoop.after(Self.quiet) { [weak self] in
      guard let self else { return }
      if ContinuousClock().now - lastUse < Self.quiet { return giveBackWhenQuiet() }
      isAwaitingQuiet = false
      if states.takeDroppedWeight(atLeast: 1) { Memory.giveBack() }
    }
  }

  private func forget(_ plan: GroupPlan<D>) {
    for stream in plan.states.keys { _ = states.take(stream) }
  }

  // MARK: Append

  /// The first position that the log gave, by one statement in one round trip.
  private func append(_ plan: GroupPlan<D>) async -> Result<Int, PostgresError> {
    let events = plan.events
    let query = appendStatement(
      .int(schemaVersion), .text(plan.now.description),
      .array(events.map(\.draft.stream.category)),
      .array(events.map(\.draft.stream.id.description)),
      .array(events.map(\.version)), .array(events.map(\.draft.type)),
      .array(events.map(\.draft.data.text)), .array(events.map(\.commandID.description)),
      .array(events.map { $0.command?.name }), .byteArrays(events.map { $0.command?.bodyHash }),
      .array(events.map { $0.command.map { String($0.durationMicroseconds) } }),
      .array(events.map(\.actor.personID.description)), .array(events.map(\.actor.uid)),
      .array(events.map(\.actor.pid)), .array(events.map { $0.occurredAt?.description }),
      .array(events.map { $0.draft.undoes?.description }))
    do {
      let rows = try await session.run(query, resend: .forbidden)
      if let recorded = rows.int(0, 1) { tail.lastRecordedAt = Instant(microseconds: recorded) }
      return .success(rows.int(0, 0)!)
    } catch {
      return .failure(error)
    }
  }
}

private let appendStatement = Statement(
  """
  SELECT first_position, (extract(epoch FROM recorded_at) * 1000000)::bigint
    FROM log.append($1, $2, $3, $4, $5, $6, $7::jsonb[], $8, $9, $10, $11, $12, $13, $14, $15, $16)
  """)

extension PostgresError {
  /// The unique index says that a command of the group has been applied before.
  fileprivate var isRepeatedCommand: Bool {
    sqlState == "23505" && message.contains("events_command")
  }

  /// Another daemon has appended meanwhile: the log says so, or, where the server's transactions see an old
  /// snapshot, its unique keys.
  fileprivate var isLostRace: Bool { sqlState == "PL001" || sqlState == "23505" }
}

extension CommandBatch {
  /// The same batch, not as a dry run.
  fileprivate var inEarnest: CommandBatch {
    CommandBatch(
      stream: stream, actor: actor, commands: commands, atomic: atomic, dryRun: false,
      receivedAt: receivedAt)
  }

  /// The same batch with some of its commands.
  fileprivate func slice(_ range: some RangeExpression<Int>) -> CommandBatch {
    CommandBatch(
      stream: stream, actor: actor, commands: Array(commands[range.relative(to: commands)]),
      atomic: atomic, dryRun: dryRun, receivedAt: receivedAt)
  }
}
