import EventLog
import EventLoop
import JSON
import Postgres
import Scalars
import TestSupport
import Testing

@testable import Projections

/// Answers that are kept: how long they stand, and for whom.
@Suite(.clusterTurns) struct KeptAnswerTests {
  private typealias Question = PlannerFixture.Question

  @EventLoop private func createTask(_ planner: PlannerFixture, _ number: Int) async throws {
    try await planner.submit([
      "createTask": ["taskId": PlannerFixture.id(number), "title": .string("Task \(number)")]
    ])
  }

  @EventLoop private func awaitFold(_ planner: PlannerFixture, upTo position: Int) async throws {
    _ = try await planner.answer(
      Question("Removed", ["atLeast": .int(position)], of: planner.planner))
  }

  /// An event of another planner.
  @EventLoop private func writeElsewhere(
    _ planner: PlannerFixture, by log: GroupCommit<PlannerDecider>
  )
    async throws
  {
    let id = UUID(high: 3, low: UInt64.random(in: 1_000...0xFFFF_FFFF))
    let command: JSON = [
      "commandId": .string(id.description),
      "createPillar": ["pillarId": .string(id.description), "name": .string(id.description)],
    ]
    _ = try await log.submit(
      CommandBatch(
        stream: StreamID(category: "planner", id: UUID(high: 2, low: 2)),
        actor: Actor(personID: planner.person, uid: 1_001, pid: 42),
        commands: [SubmittedCommand(command, id: id)], atomic: false, dryRun: false,
        receivedAt: ContinuousClock().now))
  }

  @Test @EventLoop
  func `an answer stands until an event of its planner is folded, whatever others do`()
    async throws
  {
    let planner = try await PlannerFixture(projections: ["tasks"])
    try await createTask(planner, 1)
    let question = Question("Removed", of: planner.planner)
    // A start may still go on, of which nothing kept is left.
    try await Patience.until("it outlives the events of others") {
      guard let first = try? await planner.keep(question) else { return false }
      try? await writeElsewhere(planner, by: planner.log)
      return (try? planner.keptAnswer(question))?["rows"] == first["rows"]
    }
    // Its position follows the view's.
    try await Patience.until("the position moves") {
      (try? await planner.keep(question))?["position"]?.int == planner.tail.head
    }
    try await createTask(planner, 2)
    #expect(try planner.keptAnswer(question, atLeast: planner.tail.head) == nil)
    try await Patience.until("it is folded") {
      guard let kept = try? await planner.keep(question) else { return false }
      return kept["position"]?.int == planner.tail.head
    }
  }

  @Test @EventLoop func `an answer is kept for who asked and how`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let question = Question("Removed", of: planner.planner)
    try await planner.keep(question)
    #expect(try planner.keptAnswer(question, of: 1_001) == nil)
    #expect(try planner.keptAnswer(Question("Removed", ["limit": 1], of: planner.planner)) == nil)
  }

  @Test @EventLoop func `an answer that depends on the minute stands for that minute`() async throws
  {
    let minutes = Minutes()
    let planner = try await PlannerFixture(projections: ["tasks"], clock: { minutes.now })
    let dependent = Question("Best", of: planner.planner)
    let independent = Question("Removed", of: planner.planner)
    for question in [dependent, independent] { try await planner.keep(question) }
    minutes.pass(2)
    #expect(try planner.keptAnswer(dependent) == nil)
    #expect(try planner.keptAnswer(independent) != nil)
  }

  @Test @EventLoop func `a view over all streams is asked again after any event`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks", "event_totals"])
    try await createTask(planner, 1)
    let question = Question("EventTotals", of: nil)
    let before = try await planner.keep(question)
    try await writeElsewhere(planner, by: planner.log)
    try await Patience.until("it is folded") {
      (try? await planner.keep(question))?["rows"] != before["rows"]
    }
  }

  @Test @EventLoop func `just after a fold the answer before it is given, and asked for again`()
    async throws
  {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let question = Question("Tasks", of: planner.planner)
    var isAskedAgain = false
    // Where the loop stands still for longer than the answer is given, or a start goes on, it is tried again.
    for number in 1...20 where !isAskedAgain {
      try await planner.keep(question)
      try await createTask(planner, number)
      let head = planner.tail.head
      try await awaitFold(planner, upTo: head)
      guard try planner.keptAnswer(question, atLeast: head) == nil,
        let given = try planner.keptAnswer(question)
      else { continue }
      #expect(given["rows"]?.array?.count == number - 1)
      isAskedAgain = await EventLoop.poll(every: .milliseconds(3), patience: .seconds(5)) {
        (try? planner.keptAnswer(question, atLeast: head))?["rows"]?.array?.count == number
      }
    }
    #expect(isAskedAgain)
  }

  @Test @EventLoop
  func `who has written what a shorter log has no more waits for nothing`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let question = Question("Tasks", of: planner.planner)
    try await createTask(planner, 1)
    try await awaitFold(planner, upTo: planner.tail.head)
    let lost = planner.tail.head + 100
    try await Patience.until("it is kept") {
      _ = try? await planner.keep(question)
      let kept = try? planner.keptAnswer(question, atLeast: lost)
      return kept?["position"]?.int == planner.tail.head
    }
    var waits: [Duration] = []
    for _ in 0..<5 {
      let begin = ContinuousClock().now
      let answer = try await planner.engine.answer(
        ViewRequest(
          method: "Tasks", scope: planner.planner, parameters: [:], now: PlannerFixture.now,
          written: lost))
      waits.append(ContinuousClock().now - begin)
      #expect(answer.position == planner.tail.head)
    }
    #expect(waits.min()! < .milliseconds(250))
  }

  @Test @EventLoop func `long after a fold it is not`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let question = Question("Tasks", of: planner.planner)
    try await planner.keep(question)
    try await createTask(planner, 1)
    try await awaitFold(planner, upTo: planner.tail.head)
    await Patience.pass(.milliseconds(300))
    #expect(try planner.keptAnswer(question) == nil)
  }

  @Test @EventLoop func `what another daemon appends leaves no answer about its planner`()
    async throws
  {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let question = Question("Removed", of: UUID(high: 2, low: 2))
    let tail = LogTail(planner.database.session("plannerd_append"))
    let other = planner.log(following: tail)
    try await tail.start()
    for _ in 0..<5 {
      try await planner.keep(question)
      try await writeElsewhere(planner, by: other)
      try await Patience.until("it is heard of") { planner.tail.head >= tail.head }
      let head = tail.head
      try await Patience.until("it is folded") {
        ((try? await planner.keep(question))?["position"]?.int ?? 0) >= head
      }
    }
    tail.stop()
  }

  @Test @EventLoop func `while Postgres is away no kept answer is given`() async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let question = Question("Removed", of: planner.planner)
    try await planner.keep(question)
    _ = try await planner.value(
      """
      SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()
      """)
    try await Patience.until("the loss is noticed") { (try? planner.keptAnswer(question)) == nil }
    try await planner.keep(question)
  }

  @Test @EventLoop func `no more is kept than the bound says, and what is used stays`()
    async throws
  {
    let planner = try await PlannerFixture(projections: ["tasks"])
    let used = Question("Removed", of: planner.planner)
    let unused = Question("Removed", ["limit": 1], of: planner.planner)
    try await planner.keep(unused)
    var losses = 0
    let long = String(repeating: "x", count: 16_000)
    // Twice the MiB that the engines of tests keep.
    for number in 0..<140 {
      if try planner.keptAnswer(used) == nil {
        losses += 1
        try await planner.keep(used)
      }
      let other = Question("Removed", ["unknown": .string("\(number)\(long)")], of: planner.planner)
      _ = try await planner.answer(other, keeping: true)
    }
    // Once for the first time, and as often as the start of the engine goes on.
    #expect(losses <= 3, "\(losses)")
    #expect(try planner.keptAnswer(unused) == nil)
  }
}
