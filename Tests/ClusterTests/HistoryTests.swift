import EventLog
import EventLoop
import JSON
import Postgres
import Scalars
import TestCommands
import TestSupport
import Testing

@testable import Projections

/// Why rows are what they are, and what changed between two moments, held against a fold of one event after the other.
@Suite struct HistoryTests {
  private static let views: [(method: String, key: String)] = [
    ("PillarAverages", "pillarId"), ("ThemeRatings", "themeId"), ("Tasks", "taskId"),
  ]

  /// The rows of a view at each version of the planner, from 0 on, by key.
  @EventLoop private func everyVersion(
    _ method: String, _ key: String, _ past: LongPast, _ planner: UUID
  ) async throws -> [(position: Int, rows: [String: JSON])] {
    let positions = try await past.positions(of: planner)
    var versions: [(position: Int, rows: [String: JSON])] = [(0, [:])]
    for position in positions {
      var parameters: JSONObject = ["asOf": ["position": .int(position)]]
      if method == "Tasks" { parameters["limit"] = 1_000 }
      let answer = try await past.planner.ask(
        method, .object(parameters), of: planner, now: LongPast.end)
      let rows = (answer["rows"]?.array ?? []).map { ($0[key]?.string ?? "", $0) }
      versions.append((position, Dictionary(uniqueKeysWithValues: rows)))
    }
    return versions
  }

  @Test(arguments: [nil, 30]) @EventLoop
  func `why names the events at which a fold of each one by itself changes the row`(spacing: Int?)
    async throws
  {
    let seed = Seed.draw(for: "why")
    let past = try await LongPast(seed: seed, groups: 60)
    if let spacing {
      past.planner.engine.historian.spacing = spacing
      #expect(await past.planner.engine.historian.catchUp())
    }
    let planner = LongPast.streams[0]
    for (method, key) in HistoryTests.views {
      let versions = try await everyVersion(method, key, past, planner)
      let keys = Set(versions.flatMap { $0.rows.keys }).sorted().prefix(12)
      for value in keys {
        let answer = try await past.why(method, value, of: planner)
        let told = answer["changes"]?.array ?? []
        expectAll(told.compactMap { $0["position"]?.int }, of: value, versions)
        #expect(answer["row"] ?? .null == versions.last?.rows[value] ?? .null)
        #expect(answer["complete"] == true)
        for change in told {
          let index = versions.firstIndex { $0.position == change["position"]?.int }!
          let (before, after) = (versions[index - 1].rows[value], versions[index].rows[value])
          for column in change["columns"]?.array ?? [] {
            let name = column["name"]?.string ?? ""
            #expect(column["before"]?.string == before.map { ($0[name] ?? .null).text })
            #expect(column["after"]?.string == after.map { ($0[name] ?? .null).text })
          }
        }
      }
    }
  }

  /// All changes are told, newest first, but for some that together change nothing: another event took them back.
  private func expectAll(
    _ told: [Int], of key: String, _ versions: [(position: Int, rows: [String: JSON])]
  ) {
    let all = changes(of: key, versions)
    #expect(told == told.sorted(by: >) && Set(told).isSubset(of: all), "\(told) of \(all)")
    var missed: [Int] = []
    func expectNothing() {
      guard let first = missed.first, let last = missed.last else { return }
      let begin = versions.firstIndex { $0.position == first }! - 1
      let end = versions.firstIndex { $0.position == last }!
      #expect(versions[begin].rows[key] == versions[end].rows[key], "\(missed) of \(key)")
      missed = []
    }
    for position in all {
      if told.contains(position) { expectNothing() } else { missed.append(position) }
    }
    expectNothing()
  }

  /// The positions at which a row is another than before.
  private func changes(of key: String, _ versions: [(position: Int, rows: [String: JSON])]) -> [Int]
  {
    zip(versions, versions.dropFirst()).filter { $0.rows[key] != $1.rows[key] }.map(\.1.position)
  }

  @Test @EventLoop func `changes are what differs between two moments, and by which events`()
    async throws
  {
    let seed = Seed.draw(for: "changes")
    var random = SplitMix64(seed: seed)
    let past = try await LongPast(seed: seed, groups: 50)
    past.planner.engine.historian.spacing = 40
    #expect(await past.planner.engine.historian.catchUp())
    let planner = LongPast.streams[0]
    for (method, key) in HistoryTests.views where method != "Tasks" {
      let versions = try await everyVersion(method, key, past, planner)
      for _ in 0..<6 {
        let ends = [
          versions.indices.randomElement(using: &random)!,
          versions.indices.randomElement(using: &random)!,
        ].sorted()
        let stretch = Array(versions[ends[0]...ends[1]])
        let answer = try await past.changes(
          method, from: stretch.first!.position, to: stretch.last!.position, of: planner)
        let rows = answer["rows"]?.array ?? []
        let (before, after) = (stretch.first!.rows, stretch.last!.rows)
        let differing = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
        #expect(Set(rows.compactMap { $0["key"]?.string }) == differing)
        for row in rows {
          let value = row["key"]?.string ?? ""
          #expect(row["before"] ?? .null == before[value] ?? .null)
          #expect(row["after"] ?? .null == after[value] ?? .null)
          let kind = before[value] == nil ? "added" : after[value] == nil ? "gone" : "changed"
          #expect(row["kind"]?.string == kind)
          let told = row["events"]?.array?.compactMap { $0["position"]?.int }
          if (told?.count ?? 0) < 10 { expectAll(told ?? [], of: value, stretch) }
        }
      }
    }
  }

  @Test @EventLoop func `an event that names no key is found by halving`() async throws {
    let planner = try await PlannerFixture(projections: [])
    try planner.writeTotals()
    try planner.writeTotalsQuery("'the whole' AS name, events")
    #expect(await planner.engine.reload().refused.isEmpty)
    for number in 0..<40 {
      try await planner.submit([
        "createPillar": ["pillarId": PlannerFixture.id(number), "name": .string("P\(number)")]
      ])
    }
    let answer = try await planner.engine.why(
      HistoryRequest(
        method: "Totals", scope: planner.planner, parameters: ["key": "the whole", "limit": 3],
        now: PlannerFixture.now))
    let head = planner.tail.head
    #expect(
      answer["changes"]?.array?.map { $0["position"]?.int } == [head, head - 1, head - 2])
    #expect(answer["complete"] == false)
    #expect(answer["row"]?["events"]?.int == (try await planner.totals()))
  }

  @Test @EventLoop func `what-if differs from now by what the commands would do`() async throws {
    let planner = try await PlannerFixture()
    try await planner.submit(
      ["createPillar": ["pillarId": PlannerFixture.id(1), "name": "Health"]],
      ["createPillar": ["pillarId": PlannerFixture.id(2), "name": "Work"]])
    _ = try await planner.ask("PillarAverages")
    let answer = try await planner.engine.changes(
      HistoryRequest(
        method: "PillarAverages", scope: planner.planner, parameters: [:],
        now: PlannerFixture.now,
        whatIf: planner.whatIf([
          ["changePillar": ["pillarId": PlannerFixture.id(1), "name": "Body"]],
          ["createPillar": ["pillarId": PlannerFixture.id(3), "name": "Play"]],
          ["removePillar": ["pillarId": PlannerFixture.id(2)]],
        ])))
    let rows = answer["rows"]?.array ?? []
    #expect(rows.map { $0["kind"]?.string } == ["changed", "gone", "added"])
    #expect(rows[0]["columns"]?.array?.contains("name") == true)
    #expect(rows[0]["before"]?["name"] == "Health" && rows[0]["after"]?["name"] == "Body")
    #expect(answer["until"]?.int == planner.tail.head)
  }

  @Test(
    arguments: [
      (["method": "Nothing", "key": "x"], "method", "unknownMethod"),
      (["method": "Tasks", "key": "x", "column": "size"], "column", "unknownColumn"),
      (
        ["method": "Tasks", "key": "x", "parameters": ["size": 1]], "parameters.size",
        "unknownParameter"
      ),
      (
        ["method": "Tasks", "key": "x", "parameters": ["inbox": 1]], "parameters.inbox",
        "invalidType"
      ),
      (["method": "Task", "key": "x"], "parameters.taskId", "required"),
      (["method": "Tasks", "key": "x", "limit": 0], "limit", "outOfRange"),
      (["method": "Tasks", "key": "x", "asOf": ["position": 99]], "asOf.position", "outOfRange"),
    ] as [(JSONObject, String, String)])
  @EventLoop func `a question that makes no sense is refused by field and rule`(
    parameters: JSONObject, field: String, rule: String
  ) async throws {
    let planner = try await PlannerFixture(projections: ["tasks"])
    do throws(ViewError) {
      let answer = try await planner.engine.why(
        HistoryRequest(
          method: parameters["method"]?.string ?? "", scope: planner.planner,
          parameters: parameters, now: PlannerFixture.now))
      Issue.record("\(answer)")
    } catch {
      guard case .invalid(let parameter, let told, _) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(parameter == field && told == rule)
    }
  }
}

extension LongPast {
  /// The positions of a planner's events.
  func positions(of stream: UUID) async throws -> [Int] {
    let connection = try await planner.database.connect()
    defer { connection.close() }
    let rows = try await connection.run([
      Statement(
        "SELECT position FROM log.events WHERE category = 'planner' AND stream_id = $1 ORDER BY position"
      )(.text(stream.description))
    ])[0]
    return (0..<rows.count).map { rows.int($0, 0)! }
  }

  func why(_ method: String, _ key: String, of stream: UUID) async throws -> JSON {
    try await planner.engine.why(
      HistoryRequest(
        method: method, scope: stream, parameters: ["key": .string(key), "limit": 1_000],
        now: LongPast.end))
  }

  func changes(_ method: String, from: Int, to: Int, of stream: UUID) async throws -> JSON {
    try await planner.engine.changes(
      HistoryRequest(
        method: method, scope: stream,
        parameters: [
          "since": ["position": .int(from)], "until": ["position": .int(to)], "limit": 1_000,
        ], now: LongPast.end))
  }
}
