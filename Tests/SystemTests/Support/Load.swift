import EventLoop
import TestSupport

/// A few clients that write until they are stopped.
@EventLoop
final class Load {
  let acknowledgements = Acknowledgements()
  private let clients: [LoadClient]
  private var tasks: [Task<Void, Never>] = []

  init(_ daemon: TestDaemon, seed: UInt64, clients count: Int = 2) {
    let acknowledgements = acknowledgements
    clients = (0..<count).map { number in
      LoadClient(
        number, of: count, seed: seed, socket: daemon.socket, acknowledgements: acknowledgements)
    }
  }

  func start() {
    tasks = clients.map { client in Task { @EventLoop in await client.run() } }
  }

  /// Ends it; all that it began is settled.
  func stop() async {
    for client in clients { client.stop() }
    for task in tasks { await task.value }
  }
}
