import EventLoop
import Files
import Postgres
import TestSupport

/// A Postgres that a test starts and stops beside its daemon, which knows it by URL alone.
@EventLoop
final class OwnCluster {
  let folder: String
  private let settings: [String: String]
  private(set) var cluster: PrivateCluster?

  private static var count = 0

  init(settings: [String: String] = [:]) throws {
    OwnCluster.count += 1
    folder = "\(TestCluster.folder)/cluster-\(OwnCluster.count)"
    try Files.makeFolder(folder)
    self.settings = ["fsync": "off", "shared_buffers": "'32MB'"].merging(settings) { $1 }
  }

  func start() async throws {
    let cluster = try await PrivateCluster(folder: folder, settings: settings, log: { _ in })
    try await cluster.start()
    self.cluster = cluster
  }

  func stop() async {
    await cluster?.stop()
    cluster = nil
  }

  var url: String { "postgresql:///plannerd?host=\(folder)/postgres/run&user=plannerd_admin" }
}
