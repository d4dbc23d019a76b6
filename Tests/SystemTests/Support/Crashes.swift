import CLinux
import EventLoop
import Files
import Glibc
import JSON
import Scalars
import TestCommands
import TestSupport

/// Whom a crash ends.
enum Victim: String, CaseIterable {
  case daemon, postgres, both
}

/// A daemon under load that is ended again and again, and what was seen of it.
@EventLoop
final class Crashes {
  let daemon: TestDaemon
  var acknowledgements: Acknowledgements { load.acknowledgements }
  /// From the start of the daemon, or from the end of Postgres, until a command was durable and seen by a view.
  private(set) var recoveries: [(victim: Victim, duration: Duration, crowding: Double)] = []
  /// From an orderly stop, the same: what this machine takes for it.
  private(set) var ordinary = Duration.zero
  private(set) var problems: [String] = []
  private var random: SplitMix64
  private let load: Load
  private var probes = 0

  init(seed: UInt64) throws {
    daemon = try TestDaemon()
    random = SplitMix64(seed: seed)
    load = Load(daemon, seed: seed, clients: 4)
  }

  func start() async throws {
    try await daemon.start()
    _ = try await probe()
    await daemon.stop()
    let begin = ContinuousClock().now
    try daemon.launch()
    _ = try await probe()
    ordinary = ContinuousClock().now - begin
    load.start()
  }

  /// Ends the load; all that it began is settled.
  func stopLoad() async {
    await load.stop()
    problems += acknowledgements.complaints
  }

  // MARK: Rounds

  /// Lets the load run for a random while, ends the victim, and waits until all goes on.
  func round(_ victim: Victim) async throws {
    let enough = acknowledgements.count + Int.random(in: 0...40, using: &random)
    try await Patience.until("\(enough) answers") { acknowledgements.count >= enough }
    await Patience.pass(.microseconds(Int.random(in: 0...20_000, using: &random)))
    var begin = ContinuousClock().now
    if victim != .daemon { endPostgres() }
    if victim != .postgres {
      await daemon.kill()
      try await endWhileStarting()
      begin = ContinuousClock().now
      try daemon.launch()
    }
    let told = acknowledgements.applied.values.map(\.last).max() ?? 0
    let position = try await probe()
    recoveries.append((victim, ContinuousClock().now - begin, Crashes.crowding))
    if position <= told { problems.append("the log went back to \(position) from \(told)") }
    try await checkSample()
  }

  private func endPostgres() {
    guard let pid = daemon.postgresPID else { return problems.append("no Postgres to end") }
    kill(pid, SIGKILL)
  }

  /// One time in four the new daemon is ended too, before or just after it is ready.
  private func endWhileStarting() async throws {
    guard Int.random(in: 0..<4, using: &random) == 0 else { return }
    try daemon.launch()
    await Patience.pass(.milliseconds(Int.random(in: 0...400, using: &random)))
    await daemon.kill()
  }

  /// Sends a command until it is applied, and asks a view for it.
  private func probe() async throws -> Int {
    probes += 1
    let id = UUID.version7(at: WallClock.now, using: &random)
    let command: JSON = [
      "commandId": .string(id.description),
      "changePreferences": ["extra": ["probe": .int(probes)]],
    ]
    var position = 0
    try await Patience.until("an answer after a crash; the log says \(daemon.logText)") {
      do throws(TestClientError) {
        let client = try TestClient(daemon.socket)
        defer { client.close() }
        let outcomes = try await client.submit([command]).outcomes
        guard let first = outcomes.first?["firstPosition"]?.int,
          let version = outcomes.first?["version"]?.int
        else { return false }
        acknowledgements.note([command], outcomes)
        let rows = try await client.rows("Preferences", atLeast: first)
        position = first
        return rows.first?["version"]?.int ?? 0 >= version
      } catch {
        if daemon.process?.status != nil { try? daemon.launch() }
        return false
      }
    }
    return position
  }

  /// After a crash: what was acknowledged is there, and sent again it changes nothing.
  private func checkSample() async throws {
    let client = try daemon.client()
    defer { client.close() }
    let sample = acknowledgements.applied.values.shuffled(using: &random).prefix(20)
    try await expectDuplicates(Array(sample), client)
  }

  func expectDuplicates(_ commands: [Acknowledgements.Applied], _ client: TestClient)
    async throws
  {
    let outcomes = try await client.submit(commands.map(\.command)).outcomes
    for (command, outcome) in zip(commands, outcomes) {
      if outcome["result"] == "duplicate", outcome["firstPosition"] == .int(command.first),
        outcome["lastPosition"] == .int(command.last), outcome["version"] == .int(command.version)
      {
        continue
      }
      problems.append("\(command) came back as \(outcome.text)")
    }
  }

  // MARK: At the end

  /// Holds the whole log against what the clients were told.
  func checkLog(_ events: [JSON]) {
    var byCommand: [String: [JSON]] = [:]
    var versions: [String: Int] = [:]
    for (index, event) in events.enumerated() {
      if event["position"] != .int(index + 1) { problems.append("a gap before \(event.text)") }
      let stream = event["category"]?.string ?? ""
      versions[stream, default: 0] += 1
      if event["version"] != .int(versions[stream]!) {
        problems.append("version \(event.text) is not \(versions[stream]!)")
      }
      byCommand[event["commandId"]?.string ?? "", default: []].append(event)
    }
    for (id, applied) in acknowledgements.applied {
      let positions = (byCommand[id] ?? []).compactMap { $0["position"]?.int }
      if positions != Array(applied.first...applied.last) {
        problems.append("\(applied) has its events at \(positions)")
      }
    }
    for id in acknowledgements.refused where byCommand[id] != nil {
      problems.append("\(id) was refused, and is in the log")
    }
    for (id, events) in byCommand where acknowledgements.applied[id] == nil {
      problems.append("\(id) is in the log, and nobody was told: \(events.count) events")
    }
  }

  /// Processes that run or wait to, for each processor, over the last minute.
  static var crowding: Double {
    let text = (try? Files.read("/proc/loadavg")) ?? ""
    let load = text.split(separator: " ").first.flatMap { Double($0) } ?? 0
    return load / Double(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Median and greatest time of recovery by victim.
  var summary: String {
    "ordinary: \(ordinary.inMilliseconds) ms; "
      + Victim.allCases.map { victim in
        let times = recoveries.filter { $0.victim == victim }.map(\.duration).sorted()
        guard let last = times.last else { return "\(victim.rawValue): none" }
        return
          "\(victim.rawValue): \(times.count) times, median \(times[times.count / 2].inMilliseconds)"
          + " ms, most \(last.inMilliseconds) ms"
      }.joined(separator: "; ")
  }
}

extension Duration {
  var inMilliseconds: Int {
    Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
