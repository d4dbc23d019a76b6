import EventLog
import EventLoop
import Files
import JSON
import Postgres
import Scalars
import TestCommands
import TestSupport
import Testing

@testable import Projections

/// What views answer about the past: what they answered then.
@Suite(.clusterTurns) struct MomentTests {
  /// How many random moments the property tries.
  private static let count = Scale.pick(60, full: 1_000)

  /// Without snapshots, and with one after as many events.
  @Test(arguments: [nil, 20, 150]) @EventLoop
  func `a view as of any moment answers as a daemon did whose log ended there`(spacing: Int?)
    async throws
  {
    let seed = Seed.draw(for: "any moment")
    var random = SplitMix64(seed: seed)
    let past = try await LongPast(seed: seed, groups: 150)
    if let spacing {
      past.planner.engine.historian.spacing = spacing
      #expect(
        await past.planner.engine.historian.catchUp(),
        "\(past.planner.engine.historian.failure ?? "")")
    }
    let copy = try await GrowingCopy(of: past.planner)
    for moment in past.moments(MomentTests.count, &random) {
      try await copy.grow(upTo: moment.position)
      for _ in 0..<3 {
        let question = Question.random(&random, past.planner)
        let then = try await copy.planner.ask(
          question.method, .object(question.parameters), of: question.planner, now: moment.now)
        var parameters = question.parameters
        parameters["asOf"] = moment.asOf
        let now = try await past.planner.ask(
          question.method, .object(parameters), of: question.planner, now: LongPast.end)
        #expect(now["rows"] == then["rows"], "\(question) \(moment)")
        #expect(now["position"]?.int == moment.position, "\(question) \(moment)")
        #expect((now["nextCursor"] == nil) == (then["nextCursor"] == nil))
      }
    }
  }

  @Test @EventLoop func `all pages are of the moment of the first`() async throws {
    let past = try await LongPast(seed: 7, groups: 30)
    let instant = past.planner.tail.lastRecordedAt
    let asOf: JSON = ["instant": .string(instant.description)]
    let whole = try await past.planner.ask("Tasks", ["asOf": asOf, "limit": 1_000])
    try await past.planner.submit(["createTask": ["taskId": PlannerFixture.id(77), "title": "A"]])
    var rows: [JSON] = []
    var cursor: JSON = .null
    repeat {
      let page = try await past.planner.ask("Tasks", ["asOf": asOf, "limit": 7, "cursor": cursor])
      #expect(page["position"] == whole["position"])
      rows += page["rows"]?.array ?? []
      cursor = page["nextCursor"] ?? .null
      try await past.planner.submit([
        "changeTask": ["taskId": PlannerFixture.id(77), "title": .string("A\(rows.count)")]
      ])
    } while cursor != .null
    #expect(.array(rows) == whole["rows"])
    #expect(rows.count > 14)
  }

  @Test(
    arguments: [
      (["position": -1], "asOf.position", "outOfRange"),
      (["position": 1_000_000], "asOf.position", "outOfRange"),
      (["instant": "2999-01-01T00:00:00Z"], "asOf.instant", "inTheFuture"),
      (["instant": "yesterday"], "asOf.instant", "invalidInstant"),
      ([:], "asOf", "exactlyOne"),
      (["position": 1, "instant": "2026-11-21T12:00:00Z"], "asOf", "exactlyOne"),
    ] as [(JSON, String, String)])
  @EventLoop func `a moment that is none is refused by its field and rule`(
    asOf: JSON, field: String, rule: String
  ) async throws {
    let planner = try await PlannerFixture(projections: ["pillar_averages"])
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(1), "name": "A"]])
    do {
      _ = try await planner.ask("PillarAverages", ["asOf": asOf])
      Issue.record("\(asOf) was answered")
    } catch ViewError.invalid(let parameter, let told, let message) {
      #expect(parameter == field && told == rule)
      #expect(message.hasPrefix(field))
    }
  }

  @Test @EventLoop func `before the first event there is nothing`() async throws {
    let planner = try await PlannerFixture(projections: ["pillar_averages"])
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(1), "name": "A"]])
    for asOf: JSON in [["position": 0], ["instant": "2020-01-01T00:00:00Z"]] {
      let answer = try await planner.ask("PillarAverages", ["asOf": asOf])
      #expect(answer["rows"] == [])
      #expect(answer["position"] == 0)
    }
  }
}

/// Two planners with random histories, whose clock went on unevenly.
@EventLoop
struct LongPast {
  struct Moment {
    let position: Int
    let now: Instant
    let asOf: JSON
  }

  let planner: PlannerFixture
  /// By position, from 1.
  let recorded: [Instant]

  /// Later than everything.
  nonisolated static let end = Instant("2027-11-21T12:00:00Z")!
  nonisolated static let streams = [UUID(high: 2, low: 1), UUID(high: 2, low: 2)]

  init(seed: UInt64, groups: Int) async throws {
    let clock = UnevenClock(seed: seed)
    planner = try await PlannerFixture(clock: { clock.now() })
    try planner.writeTotals()
    _ = await planner.engine.reload()
    var generators = (0..<2).map {
      CommandGenerator(seed: seed &+ UInt64($0), now: PlannerFixture.now)
    }
    for number in 0..<groups {
      let which = number % 3 == 0 ? 1 : 0
      let commands = (0..<(1 + number % 9)).map { _ in
        let json = generators[which].next()
        return SubmittedCommand<PlannerDecider>(json, id: UUID(json["commandId"]?.string ?? "")!)
      }
      _ = try await planner.log.submit(
        CommandBatch(
          stream: StreamID(category: "planner", id: LongPast.streams[which]),
          actor: Actor(personID: LongPast.streams[which], uid: 1_000, pid: 42), commands: commands,
          atomic: false, dryRun: false, receivedAt: ContinuousClock().now))
    }
    let engine = planner.engine
    try await Patience.until("everything is folded") { engine.health.allSatisfy { $0.lag == 0 } }
    let connection = try await planner.database.connect()
    defer { connection.close() }
    let rows = try await connection.run([
      Query(
        Statement(
          """
          SELECT (extract(epoch FROM recorded_at) * 1000000)::bigint FROM log.events ORDER BY position
          """))
    ])[0]
    recorded = (0..<rows.count).map { Instant(microseconds: rows.int($0, 0)!) }
  }

  /// Positions and instants at random, the earliest first.
  func moments(_ count: Int, _ random: inout SplitMix64) -> [Moment] {
    (0..<count).map { _ -> Moment in
      if Bool.random(using: &random) {
        let position = Int.random(in: 1...recorded.count, using: &random)
        return Moment(
          position: position, now: recorded[position - 1], asOf: ["position": .int(position)])
      }
      let first = recorded[0].microseconds - 1_000_000
      let last = recorded.last!.microseconds + 1_000_000
      let instant = Instant(microseconds: Int.random(in: first...last, using: &random))
      return Moment(
        position: recorded.count { $0 <= instant }, now: instant,
        asOf: ["instant": .string(instant.description)])
    }.sorted { $0.position < $1.position }
  }
}

/// A question to a view at random.
struct Question {
  let method: String
  let parameters: JSONObject
  let planner: UUID

  static func random(_ random: inout SplitMix64, _ fixture: PlannerFixture) -> Question {
    let sorts = ["newest", "oldest", "due", "priority", "title", "rank", "updated"]
    let questions: [(String, JSONObject)] = [
      ("PillarAverages", [:]), ("ThemeRatings", [:]), ("RatingHistory", ["limit": 1_000]),
      ("Removed", [:]), ("Preferences", [:]), ("Best", ["limit": 1_000]), ("Totals", [:]),
      ("Tasks", ["sort": .string(sorts.randomElement(using: &random)!), "limit": 1_000]),
      ("Tasks", ["actionable": true, "sort": .string(sorts.randomElement(using: &random)!)]),
      ("Tasks", ["inbox": .bool(.random(using: &random)), "dueBefore": "2026-11-28"]),
    ]
    let (method, parameters) = questions.randomElement(using: &random)!
    return Question(
      method: method, parameters: parameters,
      planner: LongPast.streams.randomElement(using: &random)!)
  }
}

/// Another daemon's database, whose log grows by the events of a fixture.
@EventLoop
struct GrowingCopy {
  let planner: PlannerFixture
  private let source: Connection
  private let target: Connection

  init(of original: PlannerFixture) async throws {
    planner = try await PlannerFixture()
    try planner.writeTotals()
    _ = await planner.engine.reload()
    source = try await original.database.connect()
    target = try await planner.database.connect()
    // As one who restores a backup does it.
    try await target.runScript("ALTER TABLE log.events DISABLE TRIGGER ALL")
  }

  /// Copies the events up to a position, as a restored backup would have them, and waits until they are known.
  func grow(upTo position: Int) async throws {
    let head = planner.tail.head
    guard position > head else { return }
    let read = Statement(
      "SELECT jsonb_agg(to_jsonb(e) ORDER BY position)::text FROM log.events e WHERE position > $1 AND position <= $2"
    )
    let events = try await source.run([read(.int(head), .int(position))])[0].text(0, 0)
    let write = Statement(
      """
      INSERT INTO log.events
      SELECT (jsonb_populate_record(NULL::log.events, event)).* FROM jsonb_array_elements($1::jsonb) AS event
      """)
    _ = try await target.run([write(.text(events))])
    _ = try await target.run([Query(Statement("SELECT pg_notify('plannerd_log', '')"))])
    try await Patience.until("the copy knows its log") { planner.tail.head == position }
  }
}
