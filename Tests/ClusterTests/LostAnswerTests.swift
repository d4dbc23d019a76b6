import EventLog
import EventLoop
import Postgres
import TestSupport
import Testing

/// A connection that ends after an append was sent: whether it was committed only the log can say.
@Suite(.clusterTurns) struct LostAnswerTests {
  @Test @EventLoop func `what was not committed is appended on the next connection`() async throws {
    let log = try await LogFixture()
    let first = log.newID()
    _ = try await log.submit([log.command(.add(1), id: first)])
    let other = try await log.database.connect()
    try await other.runScript("BEGIN; SELECT FROM log.append_lock FOR UPDATE")
    async let answer = log.submit([log.command(.add(1), id: first), log.command(.add(2))])
    try await endAppend(in: log, waitingFor: ["transactionid", "tuple"])
    try await other.runScript("COMMIT")
    #expect(try await answer == ["duplicate 1-1 v1", "applied 2-2 v2"])
    #expect(try await log.submit([log.command(.add(3))]) == ["applied 3-3 v3"])
    #expect(try await log.problems() == [])
    other.close()
  }

  @Test @EventLoop func `what was committed is found and told as applied`() async throws {
    let log = try await LogFixture(on: try await cluster("lost-answer"))
    _ = try await log.submit([log.command(.add(1))])
    let (first, second) = (log.newID(), log.newID())
    _ = try await log.submit([log.command(.add(5), id: first)])
    try await holdCommits(of: log)
    async let answer = log.submit([
      log.command(.add(5), id: first), log.command(.add(2), id: second), log.command(.add(-99)),
    ])
    try await endAppend(in: log, waitingFor: ["SyncRep"])
    // Of the duplicates it is the one that this call itself has written that counts as applied.
    #expect(try await answer == ["duplicate 2-2 v2", "applied 3-3 v3", "rejected belowZero"])
    #expect(
      try await log.submit([log.command(.add(2), id: second)]) == ["duplicate 3-3 v3"])
    #expect(try await log.problems() == [])
    await log.database.cluster.stop()
  }

  @Test @EventLoop func `while Postgres stays away the outcome is unknown, and settled later`()
    async throws
  {
    let log = try await LogFixture(on: try await cluster("no-answer"))
    _ = try await log.submit([log.command(.add(1))])
    let id = log.newID()
    try await holdCommits(of: log)
    async let answer = log.submit([log.command(.add(2), id: id)])
    try await appendWaits(in: log, for: ["SyncRep"])
    await log.database.cluster.stop()
    do {
      _ = try await answer
      Issue.record("an outcome that nobody can know was told")
    } catch let fault as LogFault {
      #expect(fault.kind == .outcomeUnknown)
    }
    try await log.database.cluster.start()
    #expect(try await log.submit([log.command(.add(2), id: id)]) == ["duplicate 2-2 v2"])
    #expect(try await log.problems() == [])
    await log.database.cluster.stop()
  }

  // MARK: Taking the answer away

  /// Where commits that are told to wait for a standby wait for ever.
  @EventLoop private func cluster(_ name: String) async throws -> TestDatabase {
    try await TestCluster.ownCluster(
      name, settings: ["synchronous_standby_names": "'nobody'", "synchronous_commit": "local"])
  }

  /// From here on, on this connection, commits are made and then wait for the standby.
  @EventLoop private func holdCommits(of log: LogFixture) async throws {
    _ = try await log.session.run(
      Query(Statement("SET synchronous_commit = on")), resend: .allowed)
  }

  @EventLoop private func appendWaits(in log: LogFixture, for events: [String]) async throws {
    let other = try await log.database.connect()
    defer { other.close() }
    let statement = Statement(
      "SELECT wait_event FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%log.append%'")
    let pid = try #require(log.session.processID)
    try await Patience.until("the append waits") {
      let rows = try? await other.run([statement(.int(Int(pid)))])[0]
      return rows.map { $0.count == 1 && events.contains($0[0, 0] ?? "") } ?? false
    }
  }

  @EventLoop private func endAppend(in log: LogFixture, waitingFor events: [String]) async throws {
    let pid = try #require(log.session.processID)
    try await appendWaits(in: log, for: events)
    let other = try await log.database.connect()
    defer { other.close() }
    _ = try await other.run([
      Statement("SELECT pg_terminate_backend($1::integer)")(.int(Int(pid)))
    ])
  }
}
