internal import CLinux

/// The one thread that all of plannerd's I/O runs on: an epoll loop that is also a Swift executor, so that
/// code isolated to `@EventLoop` may await sockets, libpq and timers without locks and without leaving
/// the thread.
///
/// Nothing on it may block or compute for more than about a millisecond.
@globalActor
package actor EventLoop {
  package static let shared = EventLoop()

  nonisolated let executor = LoopExecutor()

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// Calls `handler` whenever the descriptor is ready for what it is interested in (level-triggered).
  @EventLoop
  package static func watch(
    _ descriptor: Int32, for interest: Interest,
    handler: @escaping @EventLoop (Interest) -> Void
  ) -> Watch {
    Watch(descriptor, interest, handler, on: shared.executor)
  }

  /// Calls `action` once, when `delay` has passed, unless the timer is cancelled before.
  @EventLoop
  @discardableResult
  package static func after(_ delay: Duration, _ action: @escaping @EventLoop () -> Void) -> Timer {
    shared.executor.timers.add(deadline: .now + delay, action)
  }

  /// Lets everything else that waits on the loop go first. (`Task.yield` leaves the loop's thread and comes
  /// back, which takes 10 µs.)
  @EventLoop
  package static func yield() async {
    await withCheckedContinuation { continuation in
      after(.zero) { continuation.resume() }
    }
  }

  /// Returns when `duration` has passed, or at once with false when the task was cancelled.
  @EventLoop
  @discardableResult
  package static func sleep(_ duration: Duration) async -> Bool {
    let wait = Signal()
    let timer = after(duration) { wait.fire() }
    await withTaskCancellationHandler {
      await wait.wait()
    } onCancel: {
      Task { @EventLoop in wait.fire() }
    }
    timer.cancel()
    return !Task.isCancelled
  }

  /// Returns once a condition holds that nobody announces, looking every `interval`; false where it does not within
  /// `patience`.
  @EventLoop
  @discardableResult
  package static func poll(
    every interval: Duration, patience: Duration = .seconds(60), until condition: () async -> Bool
  ) async -> Bool {
    let deadline = ContinuousClock().now + patience
    while !(await condition()) {
      if ContinuousClock().now > deadline { return false }
      await sleep(interval)
    }
    return true
  }
}

/// What a descriptor is watched for, and what it is ready for.
package struct Interest: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package static let read = Interest(rawValue: EPOLLIN.rawValue)
  package static let write = Interest(rawValue: EPOLLOUT.rawValue)
  /// The peer is gone or the descriptor is in error: reported whether asked for or not.
  package static let hangUp = Interest(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)
}

/// A descriptor on the loop. The owner cancels the watch before it closes the descriptor.
@EventLoop
package final class Watch {
  package let descriptor: Int32
  package var interest: Interest {
    didSet { if interest != oldValue { executor?.change(self) } }
  }
  let handler: @EventLoop (Interest) -> Void
  /// Tells it from other watches of the same descriptor number, before and after it.
  var generation: UInt32 = 0
  private var executor: LoopExecutor?

  init(
    _ descriptor: Int32, _ interest: Interest, _ handler: @escaping @EventLoop (Interest) -> Void,
    on executor: LoopExecutor
  ) {
    self.descriptor = descriptor
    self.interest = interest
    self.handler = handler
    self.executor = executor
    executor.add(self)
  }

  package func cancel() {
    executor?.remove(self)
    executor = nil
  }
}

extension ContinuousClock.Instant {
  static var now: ContinuousClock.Instant { ContinuousClock().now }
}
