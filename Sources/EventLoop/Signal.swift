/// Something that happens once on the loop, and that any number of tasks may wait for.
@EventLoop
package final class Signal {
  package private(set) var hasFired = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  package init() {}

  package func fire() {
    guard !hasFired else { return }
    hasFired = true
    let waiting = waiters
    waiters = []
    for waiter in waiting { waiter.resume() }
  }

  package func wait() async {
    if hasFired { return }
    await withCheckedContinuation { waiters.append($0) }
  }
}

/// A value that arrives once on the loop, for one task that waits for it.
@EventLoop
package final class Promise<Value: Sendable> {
  private var value: Value?
  private var waiter: CheckedContinuation<Value, Never>?

  package init() {}

  /// The first value counts; later ones are dropped.
  package func fulfil(_ value: Value) {
    guard self.value == nil else { return }
    self.value = value
    waiter?.resume(returning: value)
    waiter = nil
  }

  package var isFulfilled: Bool { value != nil }

  package func get() async -> Value {
    if let value { return value }
    return await withCheckedContinuation { continuation in
      precondition(waiter == nil, "a promise has one reader")
      waiter = continuation
    }
  }
}
