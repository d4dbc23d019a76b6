import EventLog
import EventLoop
import JSON
import Postgres
import Projections
import Scalars
import TestCommands
import TestSupport
import Testing

/// Whatever happens to the log and to the views, a kept answer is the one that the view would give, or gave a moment ago.
@Suite(.clusterTurns) struct KeptAnswerPropertyTests {
  @Test @EventLoop func `a kept answer is the one that Postgres would give`() async throws {
    let run = try await AnswerRun(seed: Seed.draw(for: "kept answers"))
    for _ in 0..<Scale.pick(150, full: 3_000) {
      try await run.act()
      for _ in 0..<6 { try await run.ask() }
    }
    print("kept answers: \(run.given) given, \(run.actions.sorted { $0.key < $1.key })")
    #expect(run.given > 50)
  }
}

/// A random history of two planners, of their views and of questions to them.
@EventLoop
private final class AnswerRun {
  private let planner: PlannerFixture
  private let minutes: Minutes
  private var random: SplitMix64
  private var generators: [CommandGenerator]
  private var isTenfold = false
  /// The last events of the two planners, or before.
  private var lastEvents = [0, 0]
  /// The positions of kept answers, by question.
  private var positions: [[UInt8]: Int] = [:]
  /// How many kept answers were compared.
  private(set) var given = 0
  private(set) var actions: [String: Int] = [:]

  private static let methods = [
    "PillarAverages", "ThemeRatings", "RatingHistory", "Tasks", "Best", "Removed", "Preferences",
    "Totals", "Kinds",
  ]

  init(seed: UInt64) async throws {
    random = SplitMix64(seed: seed)
    generators = (0..<2).map {
      CommandGenerator(seed: seed &+ UInt64($0), now: PlannerFixture.now)
    }
    let minutes = Minutes()
    self.minutes = minutes
    planner = try await PlannerFixture(clock: { minutes.now })
    try planner.writeTotals()
    try planner.writeKinds()
    _ = await planner.engine.reload()
  }

  // MARK: What happens

  func act() async throws {
    let (name, act): (String, () async throws -> Void) =
      switch Int.random(in: 0..<40, using: &random) {
      case 0..<28: ("commands", submit)
      case 28..<31: ("minute", { [minutes] in minutes.pass(2) })
      case 31..<33: ("rebuild", { [self] in try await end(planner.engine.rebuild(projection)) })
      case 33..<35: ("repair", damageAndRepair)
      case 35..<37: ("swap", changeFolder)
      case 37: ("rollback", { [planner] in try? await planner.engine.rollback("totals") })
      case 38: ("lost sessions", { [planner] in try await planner.endProjectorSessions() })
      default: ("another daemon", submitElsewhere)
      }
    actions[name, default: 0] += 1
    try await act()
  }

  private var projection: String {
    ["tasks", "theme_ratings", "pillar_averages", "totals", "kinds"].randomElement(using: &random)!
  }

  private func end(_ job: Int) async throws {
    _ = try await planner.finish(job)
  }

  private func submit() async throws {
    try await submit(by: planner.log)
  }

  private func submit(by log: GroupCommit<PlannerDecider>) async throws {
    let number = Int.random(in: 0...1, using: &random)
    let commands = (0..<Int.random(in: 1...4, using: &random)).map { _ in
      let json = generators[number].next()
      return SubmittedCommand<PlannerDecider>(json, id: UUID(json["commandId"]?.string ?? "")!)
    }
    let stream = StreamID(category: "planner", id: PlannerFixture.writers[number])
    let (_, outcomes) = try await log.submit(
      CommandBatch(
        stream: stream, actor: Actor(personID: stream.id, uid: 1_000, pid: 42), commands: commands,
        atomic: false, dryRun: false, receivedAt: ContinuousClock().now))
    lastEvents[number] = max(lastEvents[number], outcomes.compactMap(\.placement?.last).max() ?? 0)
  }

  /// By another daemon; what follows waits until it was heard of.
  private func submitElsewhere() async throws {
    let tail = LogTail(planner.database.session("plannerd_append"))
    let log = planner.log(following: tail)
    try await tail.start()
    try await submit(by: log)
    tail.stop()
    let head = tail.head
    try await Patience.until("it is heard of") { [planner] in planner.tail.head >= head }
  }

  private func damageAndRepair() async throws {
    let schema = try await planner.value(
      "SELECT schema_name FROM projection.builds WHERE projection = 'tasks' AND state = 'live'")
    _ = try await planner.value(
      """
      WITH damaged AS (UPDATE \(schema!).tasks SET title = title || '!' RETURNING 1)
      SELECT count(*) FROM damaged
      """)
    try await end(planner.engine.verify("tasks", repair: true))
  }

  /// The totals of one generation are ten times those of the other.
  private func changeFolder() async throws {
    isTenfold.toggle()
    let factor = isTenfold ? 10 : 1
    try planner.write(
      """
      INSERT INTO totals SELECT stream_id, \(factor) * count(*) FROM batch GROUP BY stream_id
      ON CONFLICT (planner_id) DO UPDATE SET events = totals.events + excluded.events;
      """, "totals/apply.sql")
    _ = await planner.engine.reload()
  }

  // MARK: What is asked

  /// Asks something, most often something that was asked before, and compares what is kept with what is not.
  func ask() async throws {
    let method = AnswerRun.methods.randomElement(using: &random)!
    var parameters: JSONObject = [:]
    if method == "Tasks" { parameters["limit"] = .int([5, 100].randomElement(using: &random)!) }
    let number = Int.random(in: 0...1, using: &random)
    let isOfAll = method == "Kinds"
    let question = PlannerFixture.Question(
      method, parameters, of: isOfAll ? nil : PlannerFixture.writers[number])
    let lastEvent = isOfAll ? lastEvents.max()! : lastEvents[number]
    if Bool.random(using: &random) {
      _ = try? await planner.answer(question, keeping: true, now: minutes.now)
    }
    let before = try? await planner.answer(question, now: minutes.now)
    let wanted = Bool.random(using: &random) ? lastEvent : 0
    guard let kept = try planner.keptAnswer(question, atLeast: wanted) else { return }
    given += 1
    let after = try await planner.answer(question, now: minutes.now)
    let position = kept["position"]!.int!
    let isOfNow = position >= lastEvent || position >= after["position"]!.int!
    if isOfNow || (before?["rows"] == after["rows"] && position >= before?["position"]?.int ?? 0) {
      #expect(kept["rows"] == after["rows"], "\(question)")
      #expect(kept["nextCursor"] == after["nextCursor"], "\(question)")
    }
    #expect(position >= max(wanted, positions[question.bytes] ?? 0), "\(question)")
    #expect(position <= after["position"]!.int!, "\(question)")
    positions[question.bytes] = position
  }
}
