internal import EventLoop
internal import Postgres

/// The sandboxes of the builds that are asked about other moments: opened at first use, kept for a while, and bounded in
/// number; who finds all of them busy waits for a time.
@EventLoop
final class SandboxPool {
  private struct Idle {
    let sandbox: Sandbox
    let since: ContinuousClock.Instant
  }

  private let info: ConnectionInfo
  private var idle: [Idle] = []
  private var busy = 0
  private var waiters: [Signal] = []
  private var isClosed = false
  private var isSweeping = false

  private static let capacity = 6
  private static let patience = Duration.seconds(10)
  private static let idleTime = Duration.seconds(60)

  /// `info` says how to connect as the query role.
  init(_ info: ConnectionInfo) {
    var info = info
    let options = info.settings["options"] ?? ""
    // A question whose asker is gone ends; folds sort and hash more than questions do.
    info.settings["options"] = options + " -c client_connection_check_interval=1s -c work_mem=16MB"
    self.info = info
  }

  /// Runs something on a sandbox of a build, which nobody else uses meanwhile.
  func with<Value: Sendable>(
    _ build: Build,
    _ work: @EventLoop (Sandbox) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    let sandbox = try await take(build)
    defer {
      Task { @EventLoop in
        await sandbox.settle()
        giveBack(sandbox)
      }
    }
    return try await work(sandbox)
  }

  func close() {
    isClosed = true
    for entry in idle { entry.sandbox.close() }
    idle = []
    wake()
  }

  private func take(_ build: Build) async throws(PostgresError) -> Sandbox {
    try await makeRoom(for: build)
    busy += 1
    if let index = idle.lastIndex(where: { $0.sandbox.buildID == build.id }) {
      let sandbox = idle.remove(at: index).sandbox
      if sandbox.isOpen { return sandbox }
    }
    do throws(PostgresError) {
      return try await Sandbox.open(build, info)
    } catch {
      busy -= 1
      wake()
      throw error
    }
  }

  /// Returns when one more may be busy.
  private func makeRoom(for build: Build) async throws(PostgresError) {
    let deadline = ContinuousClock().now + SandboxPool.patience
    while busy >= SandboxPool.capacity, !isClosed {
      let signal = Signal()
      waiters.append(signal)
      let timer = EventLoop.after(deadline - ContinuousClock().now) { signal.fire() }
      await signal.wait()
      timer.cancel()
      waiters.removeAll { $0 === signal }
      guard busy < SandboxPool.capacity || ContinuousClock().now < deadline else {
        throw PostgresError(
          sqlState: "53300", message: "too many questions about other moments are being answered")
      }
    }
    if isClosed { throw PostgresError(sqlState: nil, message: "the daemon is stopping") }
    // One of another build, the longest idle, makes room for this one.
    if busy + idle.count >= SandboxPool.capacity,
      !idle.contains(where: { $0.sandbox.buildID == build.id }), !idle.isEmpty
    {
      idle.removeFirst().sandbox.close()
    }
  }

  private func giveBack(_ sandbox: Sandbox) {
    busy -= 1
    if sandbox.isOpen, !isClosed {
      idle.append(Idle(sandbox: sandbox, since: ContinuousClock().now))
      sweepLater()
    } else {
      sandbox.close()
    }
    wake()
  }

  private func wake() {
    if !waiters.isEmpty { waiters.removeFirst().fire() }
  }

  private func sweepLater() {
    guard !isSweeping else { return }
    isSweeping = true
    EventLoop.after(SandboxPool.idleTime) { [weak self] in
      guard let self else { return }
      isSweeping = false
      let limit = ContinuousClock().now - SandboxPool.idleTime
      for entry in idle where entry.since <= limit { entry.sandbox.close() }
      idle.removeAll { $0.since <= limit }
      if !idle.isEmpty { sweepLater() }
    }
  }
}
