import EventLoop
import JSON
import Postgres
import Scalars
import TestCommands
import TestSupport

/// Random commands of several clients at once over one planner, and all that could be seen of it afterwards.
@EventLoop
final class ConcurrentRun {
  /// What makes a run.
  struct Plan: Hashable, Sendable {
    let seed: UInt64
    /// All on one database, started at once.
    let daemons: Int
  }

  let plan: Plan
  private(set) var submissions: [Submission] = []
  private(set) var events: [JSON] = []
  private(set) var logCheck: JSON = .null
  private(set) var verifications: [JSON] = []
  /// What chain.py says.
  private(set) var chain = ""
  /// The rows of the views, and those that fold.py makes of the events.
  private(set) var rows: [String: [JSON]] = [:]
  private(set) var foldedRows: [String: [JSON]] = [:]

  nonisolated static let views = [
    "PillarAverages", "ThemeRatings", "RatingHistory", "Tasks", "Removed", "Preferences",
  ]
  private static let pagedViews: Set = ["RatingHistory", "Tasks", "Removed"]
  private static let clients = 5
  private static let submissionsEach = 80
  private static var runs: [Plan: Task<ConcurrentRun, any Error>] = [:]

  private var daemons: [TestDaemon] = []
  private var database: ConnectionInfo!
  private var knownHead = 0
  /// Commands that some client has sent or is sending.
  private var sent: [JSON] = []

  /// The run of a plan, made once.
  static func of(_ plan: Plan) async throws -> ConcurrentRun {
    let task =
      runs[plan]
      ?? Task { @EventLoop in
        let run = ConcurrentRun(plan)
        try await run.run()
        return run
      }
    runs[plan] = task
    return try await task.value
  }

  private init(_ plan: Plan) {
    self.plan = plan
  }

  private func run() async throws {
    try await start()
    let clients = (0..<ConcurrentRun.clients).map { number in
      Task { @EventLoop in try await load(number) }
    }
    for client in clients { try await client.value }
    try await look()
    for daemon in daemons { await daemon.stop() }
  }

  private func start() async throws {
    let shared = try await TestCluster.emptyDatabase()
    database = shared.info(PrivateCluster.superuser)
    daemons = try (0..<plan.daemons).map { _ in
      try TestDaemon(arguments: ["--database", shared.url, "--authority", "test"])
    }
    for daemon in daemons { try daemon.launch() }
    for daemon in daemons { try await daemon.becomeReady() }
  }

  // MARK: Load

  private func load(_ number: Int) async throws {
    var maker = SubmissionMaker(seed: plan.seed, client: number, of: ConcurrentRun.clients)
    let client = try daemons[number % daemons.count].client()
    for _ in 0..<ConcurrentRun.submissionsEach {
      var submission = maker.next(knownHead: knownHead, sent: sent)
      sent += submission.commands
      let answer = try await client.submit(
        submission.commands, atomic: submission.atomic, dryRun: submission.dryRun)
      submission.position = answer.position
      submission.outcomes = answer.outcomes
      knownHead = max(knownHead, answer.position)
      maker.version = answer.outcomes.compactMap { $0["version"]?.int }.max() ?? maker.version
      submissions.append(submission)
    }
    client.close()
  }

  // MARK: Afterwards

  private func look() async throws {
    let client = try daemons[0].client()
    logCheck = try await client.verifyLog()
    verifications = try await client.verifyViews()
    let head = logCheck["position"]?.int ?? 0
    events = try await daemons.last!.client().events(upTo: head)
    chain = try await TestProgram.oracle("chain.py", input: logRows(of: database)).output
    for view in ConcurrentRun.views {
      let limit = ConcurrentRun.pagedViews.contains(view) ? 37 : nil
      rows[view] = try await client.rows(view, atLeast: head, limit: limit).map(\.normalized)
    }
    let lines = events.map { $0.text + "\n" }.joined()
    let folded = try JSON.parse(await TestProgram.oracle("fold.py", input: lines).output)
    for view in ConcurrentRun.views {
      let planner = folded[events[0]["streamId"]?.string ?? ""]
      foldedRows[view] = (planner?[view]?.array ?? []).map(\.normalized)
    }
    client.close()
  }
}

/// Makes the Submits of one client: fresh commands, and ones that were sent before, by whomever, as they were or
/// with another body.
struct SubmissionMaker {
  /// The last version that the client was told of.
  var version = 0
  private var generator: CommandGenerator
  private var random: SplitMix64

  init(seed: UInt64, client: Int, of clients: Int) {
    let own = seed &* 31 &+ UInt64(client)
    generator = CommandGenerator(seed: own, client: client, of: clients, now: WallClock.now)
    random = SplitMix64(seed: own &+ 7)
  }

  mutating func next(knownHead: Int, sent: [JSON]) -> Submission {
    var commands = (0..<Int.random(in: 1...6, using: &random)).map { _ in command(sent) }
    if oneIn(15), let first = commands.first { commands.append(first) }
    return Submission(
      commands: commands, atomic: oneIn(commands.count + 4), dryRun: oneIn(12), knownHead: knownHead
    )
  }

  private mutating func command(_ sent: [JSON]) -> JSON {
    if oneIn(10), let old = sent.randomElement(using: &random) { return old }
    var command = generator.next().object ?? [:]
    if oneIn(25), let old = sent.randomElement(using: &random) {
      command["commandId"] = old["commandId"]
    }
    if oneIn(10) { command["expectedVersion"] = .int(version) }
    if oneIn(20) { command["expectedVersion"] = .int(Int.random(in: 0...50, using: &random)) }
    return .object(command)
  }

  private mutating func oneIn(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &random) == 0
  }
}
