import EventLoop
import Files
import Postgres
import TestSupport

/// A Postgres that a test starts and stops beside its daemon, which knows it by URL alone.
@EventLoop
final class OwnCluster {
  private let folder: String
  private var cluster: PrivateCluster?

  private static var count = 0

  init() throws {
    OwnCluster.count += 1
    folder = "\(TestCluster.folder)/cluster-\(OwnCluster.count)"
    try Files.makeFolder(folder)
  }

  func start() async throws {
    let cluster = try await PrivateCluster(
      folder: folder, settings: ["fsync": "off", "shared_buffers": "'32MB'"], log: { _ in })
    try await cluster.start()
    self.cluster = cluster
  }

  func stop() async {
    await cluster?.stop()
    cluster = nil
  }

  var url: String { "postgresql:///plannerd?host=\(folder)/postgres/run&user=plannerd_admin" }
}
