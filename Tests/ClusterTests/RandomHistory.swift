import EventLog
import EventLoop
import JSON
import Scalars
import TestCommands
import TestSupport

extension PlannerFixture {
  /// The planners of a random history.
  nonisolated static let writers = (0..<2).map { UUID(high: 2, low: UInt64($0)) }

  /// The last position of the log, also of what was not written through this fixture.
  func head() async throws -> Int {
    Int(try await value("SELECT coalesce(max(position), 0) FROM log.events") ?? "") ?? 0
  }

  /// Random commands to two planners in turns, who use the same ids; now and then some are taken back and brought back.
  func writeRandomHistory(seed: UInt64) async throws {
    var generators = (0..<2).map {
      CommandGenerator(seed: seed &+ UInt64($0), now: PlannerFixture.now)
    }
    var random = SplitMix64(seed: seed &+ 17)
    for number in 0..<60 {
      let stream = StreamID(category: "planner", id: PlannerFixture.writers[number % 2])
      let commands = (0..<12).map { _ in
        let json = generators[number % 2].next()
        return SubmittedCommand<PlannerDecider>(json, id: UUID(json["commandId"]?.string ?? "")!)
      }
      _ = try await log.submit(
        CommandBatch(
          stream: stream, actor: Actor(personID: stream.id, uid: 1_000, pid: 42),
          commands: commands, atomic: false, dryRun: false, receivedAt: ContinuousClock().now))
      for step in 0..<Int.random(in: 0...3, using: &random) {
        let count = step == 0 ? Int.random(in: 1...3, using: &random) : 1
        try await takeBack(
          count, of: stream, as: UUID(high: 5, low: UInt64(number * 10 + step)))
      }
    }
  }
}
