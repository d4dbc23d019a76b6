import EventLoop
import Files
import Glibc
import JSON
import TestSupport
import Testing

/// Postgres goes away and comes back.
@Suite(.turns) struct OutageTests {
  /// Calls wait for a connection five seconds, some for two one after the other; the rest is for a busy machine.
  private static let bound = Duration.seconds(25)

  @Test @EventLoop
  func `while Postgres is away calls are refused in bounded time, and then all goes on by itself`()
    async throws
  {
    let cluster = try OwnCluster()
    try await cluster.start()
    let daemon = try TestDaemon(arguments: ["--database", cluster.url])
    try await daemon.start()
    let follower = try daemon.client()
    follower.subscribe(after: 0)
    _ = try await follower.reply()
    let client = try daemon.client()
    #expect(try await client.submit([Commands.note(1)]).outcomes[0]["result"] == "applied")

    await cluster.stop()
    let command = Commands.createPillar("Health")
    try await expectRefusals(daemon, command)

    try await cluster.start()
    try await daemon.becomeReady()
    let answer = try await client.submit([command])
    #expect(answer.outcomes[0]["result"] == "applied")
    #expect(try await client.rows("PillarAverages", atLeast: answer.position).count == 1)
    var seen: [Int] = []
    while (seen.last ?? 0) < answer.position {
      seen += (try await follower.reply()["events"]?.array ?? []).compactMap { $0["position"]?.int }
    }
    #expect(seen == Array(1...answer.position))
    #expect(daemon.process?.status == nil)
    await daemon.stop()
    #expect(daemon.process?.status == 0)
    await cluster.stop()
  }

  /// Each call on a connection of its own, all at once.
  @EventLoop private func expectRefusals(_ daemon: TestDaemon, _ command: JSON) async throws {
    let calls: [(String, JSON)] = [
      ("org.plannerd.planner.Submit", ["commands": [command]]),
      ("org.plannerd.planner.Audit", [:]), ("org.plannerd.views.Tasks", [:]),
      ("org.plannerd.views.Preferences", [:]), ("org.plannerd.control.VerifyLog", [:]),
      ("org.plannerd.control.Rebuild", ["projection": "tasks"]),
      ("org.plannerd.control.Jobs", [:]),
    ]
    let tasks = calls.map { method, parameters in
      Task { @EventLoop in await refusal(daemon, method, parameters) }
    }
    let client = try daemon.client()
    try await Patience.until("Health says so") {
      (try? await client.health())?["state"] == "databaseUnavailable"
    }
    #expect(try await client.health()["message"]?.string?.isEmpty == false)
    for task in tasks {
      let refusal = await task.value
      #expect(refusal.error.hasSuffix(".DatabaseUnavailable"), "\(refusal)")
      #expect(refusal.parameters["outcomeUnknown"] == false, "\(refusal)")
      #expect(refusal.duration < OutageTests.bound, "\(refusal)")
    }
  }

  @Test @EventLoop
  func `while Postgres hangs calls end in bounded time, and then the log settles what happened`()
    async throws
  {
    let daemon = try TestDaemon()
    try await daemon.start()
    let client = try daemon.client()
    #expect(try await client.submit([Commands.note(1)]).outcomes[0]["result"] == "applied")
    let postmaster = try #require(daemon.postgresPID)
    let processes = [postmaster] + (try backends(of: postmaster))
    for process in processes { kill(process, SIGSTOP) }
    let goOn = EventLoop.after(.seconds(60)) { for process in processes { kill(process, SIGCONT) } }
    let command = Commands.createPillar("Health")
    let refusal = await refusal(
      daemon, "org.plannerd.planner.Submit", ["commands": [command]])
    goOn.cancel()
    for process in processes { kill(process, SIGCONT) }
    #expect(refusal.error.hasSuffix(".DatabaseUnavailable"), "\(refusal)")
    #expect(refusal.parameters["outcomeUnknown"] == true, "\(refusal)")
    #expect(refusal.duration < .seconds(60), "\(refusal)")
    try await daemon.becomeReady()
    // The hung append may have been carried out since.
    let result = try await client.submit([command]).outcomes[0]["result"]
    #expect(result == "applied" || result == "duplicate")
    #expect(try await client.verifyLog()["valid"] == true)
    await daemon.stop()
  }

  private func backends(of postmaster: Int32) throws -> [Int32] {
    try Files.read("/proc/\(postmaster)/task/\(postmaster)/children")
      .split(separator: " ").compactMap { Int32($0) }
  }

  private struct Refusal {
    let method: String
    let error: String
    let parameters: JSON
    let duration: Duration
  }

  @EventLoop private func refusal(_ daemon: TestDaemon, _ method: String, _ parameters: JSON)
    async -> Refusal
  {
    let begin = ContinuousClock().now
    func refusal(_ error: String, _ parameters: JSON) -> Refusal {
      Refusal(
        method: method, error: error, parameters: parameters,
        duration: ContinuousClock().now - begin)
    }
    do throws(TestClientError) {
      return refusal("", try await TestClient(daemon.socket).call(method, parameters))
    } catch {
      guard case .reply(let name, let parameters) = error else { return refusal("\(error)", [:]) }
      return refusal(name, parameters)
    }
  }

  @Test @EventLoop
  func `while its own Postgres is ended again and again calls end in bounded time`() async throws {
    let daemon = try TestDaemon()
    try await daemon.start()
    let client = try daemon.client()
    let end = ContinuousClock().now + .seconds(7)
    let ending = Task { @EventLoop in
      while ContinuousClock().now < end {
        if let pid = daemon.postgresPID { kill(pid, SIGKILL) }
        await Patience.pass(.milliseconds(5))
      }
    }
    var applied: [JSON] = []
    var refusals = 0
    for number in 0... where ContinuousClock().now < end || applied.isEmpty {
      let begin = ContinuousClock().now
      do throws(TestClientError) {
        applied += try await client.submit([Commands.note(number)]).outcomes
      } catch {
        guard case .reply("org.plannerd.planner.DatabaseUnavailable", _) = error else {
          throw error
        }
        refusals += 1
      }
      #expect(ContinuousClock().now - begin < OutageTests.bound)
      if ContinuousClock().now > end && !applied.isEmpty { break }
    }
    await ending.value
    #expect(refusals > 0)
    try await daemon.becomeReady()
    let log = try await client.verifyLog()
    #expect(log["valid"] == true)
    #expect(applied.allSatisfy { ($0["lastPosition"]?.int ?? .max) <= log["position"]?.int ?? 0 })
    await daemon.stop()
  }
}
