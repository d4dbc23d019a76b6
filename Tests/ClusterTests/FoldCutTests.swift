import EventLog
import EventLoop
import Files
import Postgres
import TestCommands
import TestSupport
import Testing

@testable import Projections

/// What every folder of projections promises: the same rows however the log is cut.
@Suite(.clusterTurns) struct FoldCutTests {
  private nonisolated static let folder = "\(TestCluster.checkout)/projections"
  private nonisolated static let projections = ((try? Files.list(folder)) ?? []).filter {
    Files.isFolder("\(folder)/\($0)")
  }

  @Test(arguments: projections) @EventLoop
  func `a log folded at once, event by event, and cut at random gives the same rows`(
    projection: String
  ) async throws {
    let seed = Seed.draw(for: "cuts of \(projection)")
    let planner = try await PlannerFixture(projections: [])
    try await planner.writeRandomHistory(seed: seed)
    let head = try await planner.head()
    try #require(head > 400)
    var random = SplitMix64(seed: seed)
    let cuts = [[0, head], Array(0...head)] + (0..<2).map { _ in randomCuts(head, &random) }
    let session = planner.database.session("plannerd_project")
    let source = try ProjectionFolder(
      name: projection, at: "\(FoldCutTests.folder)/\(projection)")
    let store = BuildStore(session: session)
    let lease = try await Lease.ofTest(session)
    var digests: [[String]] = []
    for cut in cuts {
      let build = try await store.create(source, state: "scratch", job: 0)
      for (after, upTo) in zip(cut, cut.dropFirst()) {
        _ = try await session.run(
          Fold.queries((build, lease), after: after, upTo: upTo), resend: .forbidden)
      }
      digests.append(try await self.digests(of: build, session))
    }
    #expect(Set(digests).count == 1, "\(digests)")
    #expect(digests[0].contains { !$0.contains(" 0 rows") })
    session.close()
  }

  private func randomCuts(_ head: Int, _ random: inout SplitMix64) -> [Int] {
    let inner = (0..<Int.random(in: 1...30, using: &random)).map { _ in
      Int.random(in: 1..<head, using: &random)
    }
    return [0] + Set(inner).sorted() + [head]
  }

  @EventLoop private func digests(of build: Build, _ session: Session) async throws -> [String] {
    let statement = Statement(
      "SELECT table_name, row_count, digest FROM projection.digests($1, NULL, NULL)")
    let rows = try await session.run(statement(.text(build.schemaName)), resend: .allowed)
    return (0..<rows.count).map {
      "\(rows.text($0, 0)): \(rows.text($0, 1)) rows \(rows.text($0, 2))"
    }
  }
}
