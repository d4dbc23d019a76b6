import EventLog
import EventLoop
import JSON
import Postgres
import Projections
import Scalars
import TestSupport
import Testing

/// An apply() that fails at one planner's event: that planner is parked, and nobody else.
@Suite(.clusterTurns) struct ParkingTests {
  private static let planners = (1...3).map { UUID(high: 2, low: UInt64($0)) }

  /// Fails at a title for as long as the table says so.
  private static let guarded = """
    IF EXISTS (SELECT FROM batch WHERE data->'after'->>'title' = 'bad')
      AND EXISTS (SELECT FROM public.broken) THEN
    RAISE 'a bad title';
    END IF;
    """

  @EventLoop private func fixture(_ folders: [String] = []) async throws -> PlannerFixture {
    let planner = try await PlannerFixture(projections: ["tasks"])
    _ = try await run(
      planner, "CREATE TABLE public.broken (yes boolean); GRANT SELECT ON public.broken TO PUBLIC")
    try planner.writeTotals(guarding: ParkingTests.guarded)
    return planner
  }

  @EventLoop private func run(_ planner: PlannerFixture, _ sql: String) async throws {
    let connection = try await planner.database.connect()
    try await connection.runScript(sql)
    connection.close()
  }

  @EventLoop
  private func create(_ planner: PlannerFixture, _ titles: [(UInt64, String)]) async throws {
    for (index, (number, title)) in titles.enumerated() {
      let id = UUID(high: 4, low: UInt64(planner.tail.head * 100 + index))
      let json: JSON = [
        "commandId": .string(id.description),
        "createTask": ["taskId": .string(id.description), "title": .string(title)],
      ]
      _ = try await planner.log.submit(
        CommandBatch(
          stream: StreamID(category: "planner", id: UUID(high: 2, low: number)),
          actor: Actor(personID: planner.person, uid: 1_000, pid: 42),
          commands: [SubmittedCommand<PlannerDecider>(json, id: id)], atomic: false, dryRun: false,
          receivedAt: ContinuousClock().now))
    }
  }

  @EventLoop private func totals(_ planner: PlannerFixture, _ scope: UUID) async throws -> Int? {
    let bytes = try await planner.engine.answer(
      ViewRequest(
        method: "Totals", scope: scope, parameters: ["atLeast": .int(planner.tail.head)],
        now: PlannerFixture.now))
    return try JSON.parse(String(decoding: bytes.json, as: UTF8.self))["rows"]?[0]?["events"]?.int
  }

  @EventLoop private func events(_ planner: PlannerFixture, _ scope: UUID) async throws -> Int? {
    try await planner.value("SELECT count(*) FROM log.events WHERE stream_id = '\(scope)'")
      .flatMap { Int($0) }
  }

  @EventLoop
  private func expectParked(_ planner: PlannerFixture, _ scope: UUID) async throws -> Build.Parked {
    await #expect {
      _ = try await totals(planner, scope)
    } throws: { error in
      guard case ViewError.parked(projection: "totals", _) = error else { return false }
      return true
    }
    let failures = try await planner.engine.failures(nil).filter { $0.parked.scope == scope }
    return try #require(failures.first?.parked)
  }

  @Test @EventLoop
  func `a bad event parks its planner, and only what was missed is folded afterwards`()
    async throws
  {
    let planner = try await fixture()
    #expect(await planner.engine.reload().added == ["totals"])
    try await create(planner, [(1, "good"), (2, "good"), (3, "good")])
    try await run(planner, "INSERT INTO public.broken VALUES (true)")
    try await create(planner, [(1, "good"), (2, "bad"), (3, "good"), (2, "good"), (1, "good")])
    for scope in [Self.planners[0], Self.planners[2]] {
      #expect(try await totals(planner, scope) == events(planner, scope))
    }
    let parked = try await expectParked(planner, Self.planners[1])
    #expect(parked.eventType == "TaskCreated")
    #expect(parked.message.contains("a bad title") && parked.line == 3, "\(parked)")
    #expect(planner.health("totals")?.state == "parked")
    #expect(planner.health("totals")?.position == planner.tail.head)

    // Not mended yet: nothing changes.
    #expect(try await planner.engine.retry("totals", scope: nil).count == 1)
    #expect(try await expectParked(planner, Self.planners[1]).position == parked.position)

    try await run(planner, "TRUNCATE public.broken")
    #expect(try await planner.engine.retry("totals", scope: Self.planners[1]).isEmpty)
    for scope in Self.planners {
      #expect(try await totals(planner, scope) == events(planner, scope))
    }
    #expect(planner.health("totals")?.state == "live")
    try await create(planner, [(2, "good")])
    #expect(try await totals(planner, Self.planners[1]) == events(planner, Self.planners[1]))
    let verified = try await planner.finish(try await planner.engine.verify("totals"))
    #expect(verified.report?["equal"] == true, "\(verified)")
  }

  @Test @EventLoop
  func `an event that is erased is in nobody's way any more`() async throws {
    let planner = try await fixture()
    #expect(await planner.engine.reload().added == ["totals"])
    try await run(planner, "INSERT INTO public.broken VALUES (true)")
    try await create(planner, [(1, "good"), (1, "bad"), (2, "good")])
    let parked = try await expectParked(planner, Self.planners[0])
    let eraser = try await planner.database.connect("plannerd_erase")
    _ = try await eraser.run([
      Statement("SELECT log.erase('planner', $1, $2, $1, 0, 1)")(
        .text(Self.planners[0].description), .int(parked.position))
    ])
    #expect(try await planner.engine.retry("totals", scope: Self.planners[0]).isEmpty)
    #expect(try await totals(planner, Self.planners[1]) == events(planner, Self.planners[1]))
  }

  @Test @EventLoop
  func `a new folder that fails for some is served to the others`() async throws {
    let planner = try await fixture()
    try await run(planner, "INSERT INTO public.broken VALUES (true)")
    try await create(planner, [(1, "good"), (2, "bad"), (3, "good"), (1, "good")])
    #expect(await planner.engine.reload().added == ["totals"])
    #expect(try await totals(planner, Self.planners[0]) == events(planner, Self.planners[0]))
    _ = try await expectParked(planner, Self.planners[1])
    // Known after a change of daemons, too.
    let other = planner.otherEngine()
    try await other.start()
    #expect(try await other.failures("totals").count == 1)
    await other.stop()
  }

  @Test @EventLoop
  func `a view over all streams is parked as a whole`() async throws {
    let planner = try await fixture()
    try planner.write(
      "-- scope: all\nCREATE TABLE counts (n bigint PRIMARY KEY);\n", "all/table.sql")
    try planner.write(
      Self.guarded + "\nINSERT INTO counts SELECT position FROM batch;", "all/apply.sql")
    try planner.write(
      "-- How many events there are.\n-- never null: n\nSELECT count(*) AS n FROM counts",
      "all/queries/Counts.sql")
    try await create(planner, [(1, "good")])
    #expect(await planner.engine.reload().added == ["all", "totals"])
    try await run(planner, "INSERT INTO public.broken VALUES (true)")
    try await create(planner, [(1, "bad"), (2, "good")])
    func count() async throws -> Int? {
      let bytes = try await planner.engine.answer(
        ViewRequest(
          method: "Counts", scope: nil, parameters: ["atLeast": .int(planner.tail.head)],
          now: PlannerFixture.now))
      return try JSON.parse(String(decoding: bytes.json, as: UTF8.self))["rows"]?[0]?["n"]?.int
    }
    try await Patience.until("it is parked") { planner.health("all")?.state == "parked" }
    await #expect(throws: ViewError.self) { _ = try await count() }
    #expect(try await planner.engine.failures("all").first?.parked.scope == nil)
    try await run(planner, "TRUNCATE public.broken")
    _ = try await planner.engine.retry("all", scope: nil)
    try await Patience.until("it goes on") { (try? await count()) == planner.tail.head }
  }
}
