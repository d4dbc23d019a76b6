import EventLoop
import JSON
import Projections
import Scalars
import TestSupport
import Testing

/// The views whose rows are figures over time, beside a program that computes the same by itself.
@Suite(.clusterTurns) struct FigureTests {
  private static let projections = [
    "pillar_trend", "daily_throughput", "theme_momentum", "tag_totals",
  ]
  private static let keys: [(method: String, key: [String])] = [
    ("PillarTrend", ["day", "pillarId"]), ("DailyThroughput", ["day", "pillarId"]),
    ("ThemeMomentum", ["themeId"]), ("TagTotals", ["tag"]),
  ]
  private static let present: [(method: String, key: [String])] = [
    ("PillarAverages", ["pillarId"]), ("ThemeRatings", ["themeId"]), ("RatingHistory", []),
    ("Tasks", ["taskId"]), ("Removed", ["id"]), ("Preferences", []),
  ]
  private static let ranges: [(first: String?, last: String?)] = [
    (nil, nil), ("2026-11-01", nil), (nil, "2026-11-14"), ("2026-10-20", "2026-12-03"),
  ]

  @Test @EventLoop
  func `trend, throughput, momentum and totals are what an independent program computes`()
    async throws
  {
    let seed = Seed.draw(for: "figures")
    let planner = try await PlannerFixture(projections: Self.projections)
    try await planner.writeRandomHistory(seed: seed)
    let events = try await Self.events(planner)
    var rows = 0
    for range in Self.ranges {
      let expected = try await Self.oracle("figures.py", events, Self.arguments(range))
      for (method, key) in Self.keys {
        rows += try await Self.compare(
          planner, method, key, Self.parameters(method, range), with: expected,
          "\(method) \(range) seed \(seed)")
      }
    }
    #expect(rows > 0, "seed \(seed)")
  }

  @Test @EventLoop
  func `what is there after undo and redo is what an independent fold says`() async throws {
    let seed = Seed.draw(for: "present")
    let planner = try await PlannerFixture()
    try await planner.writeRandomHistory(seed: seed)
    let expected = try await Self.oracle("fold.py", try await Self.events(planner), [])
    var rows = 0
    for (method, key) in Self.present {
      rows += try await Self.compare(
        planner, method, key, [:], with: expected, "\(method) seed \(seed)")
    }
    #expect(rows > 0, "seed \(seed)")
  }

  /// Compares the rows of both planners, in the order of their keys where one is given; gives how many there are. A history
  /// may leave one view empty.
  @EventLoop private static func compare(
    _ planner: PlannerFixture, _ method: String, _ key: [String], _ parameters: JSONObject,
    with expected: JSON, _ what: String
  ) async throws -> Int {
    var count = 0
    for writer in PlannerFixture.writers {
      let rows = try await planner.allRows(method, of: writer, parameters)
      let own = expected[writer.description]?[method]?.array ?? []
      #expect(rows.count == own.count, "\(what)")
      for (row, figure) in zip(sorted(rows, by: key), sorted(own, by: key)) {
        let differing = differences(row, figure)
        #expect(differing.isEmpty, "\(what)")
      }
      count += rows.count
    }
    return count
  }

  /// The log as JSON lines, members as in the type Event.
  @EventLoop private static func events(_ planner: PlannerFixture) async throws -> String {
    try await planner.value(
      """
      SELECT string_agg(jsonb_build_object(
               'position', position, 'category', category, 'streamId', stream_id, 'version', version,
               'type', type, 'data', data, 'commandId', command_id, 'recordedAt', recorded_at,
               'occurredAt', occurred_at, 'undoes', undoes)::text, E'\\n' ORDER BY position)
        FROM log.events
      """) ?? ""
  }

  @EventLoop private static func oracle(
    _ name: String, _ events: String, _ arguments: [String]
  ) async throws -> JSON {
    let program = try await TestProgram.oracle(name, arguments, input: events)
    try #require(program.status == 0, "\(program.errors)")
    return try JSON.parse(program.output)
  }

  private static func arguments(_ range: (first: String?, last: String?)) -> [String] {
    var arguments = ["--now", PlannerFixture.now.description]
    if let first = range.first { arguments += ["--from", first] }
    if let last = range.last { arguments += ["--to", last] }
    return arguments
  }

  private static func parameters(
    _ method: String, _ range: (first: String?, last: String?)
  ) -> JSONObject {
    guard ["PillarTrend", "DailyThroughput"].contains(method) else { return [:] }
    var parameters: JSONObject = [:]
    if let first = range.first { parameters["fromDay"] = .string(first) }
    if let last = range.last { parameters["toDay"] = .string(last) }
    return parameters
  }

  private static func sorted(_ rows: [JSON], by key: [String]) -> [JSON] {
    func text(_ row: JSON) -> String { key.map { row[$0]?.string ?? "" }.joined(separator: "/") }
    return key.isEmpty ? rows : rows.sorted { text($0) < text($1) }
  }

  /// The members in which a row is not as it should be.
  private static func differences(_ row: JSON, _ figure: JSON) -> [String] {
    (row.object?.members ?? []).compactMap { member in
      let other = figure[member.name] ?? .null
      return agree(member.value, other)
        ? nil : "\(member.name): \(member.value.text), not \(other.text)"
    }
  }

  /// Smoothed values are rounded to six digits on the one side, and differences are of rounded values.
  private static func agree(_ left: JSON, _ right: JSON) -> Bool {
    if let left = number(left), let right = number(right) { return abs(left - right) < 0.000_002_5 }
    return left.canonicalBytes == right.canonicalBytes || sameInstant(left, right)
  }

  private static func sameInstant(_ left: JSON, _ right: JSON) -> Bool {
    guard let left = left.string.flatMap({ Instant($0) }) else { return false }
    return left == right.string.flatMap { Instant($0) }
  }

  private static func number(_ value: JSON) -> Double? {
    if case .string = value { return nil }
    return Double(value.text)
  }
}

extension PlannerFixture {
  /// The rows of all pages of a view of one of the planners, when it has seen the whole log.
  func allRows(_ method: String, of planner: UUID, _ parameters: JSONObject) async throws -> [JSON]
  {
    var rows: [JSON] = []
    var parameters = parameters
    parameters["atLeast"] = .int(try await head())
    repeat {
      let bytes = try await engine.answer(
        ViewRequest(
          method: method, scope: planner, parameters: parameters, now: PlannerFixture.now))
      let answer = try JSON.parse(String(decoding: bytes.json, as: UTF8.self))
      rows += answer["rows"]?.array ?? []
      parameters["cursor"] = answer["nextCursor"]
    } while parameters["cursor"] != nil
    return rows
  }
}
