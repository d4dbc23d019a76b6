/// A timer that has been set; cancelling it after it fired does nothing.
@EventLoop
package final class Timer {
  let deadline: ContinuousClock.Instant
  var action: (@EventLoop () -> Void)?

  init(_ deadline: ContinuousClock.Instant, _ action: @escaping @EventLoop () -> Void) {
    self.deadline = deadline
    self.action = action
  }

  package func cancel() {
    action = nil
  }
}

/// The timers of a loop: a binary heap by deadline. Cancelled ones leave when their time comes.
final class Timers {
  private var heap: [Timer] = []

  @EventLoop
  func add(deadline: ContinuousClock.Instant, _ action: @escaping @EventLoop () -> Void) -> Timer {
    let timer = Timer(deadline, action)
    heap.append(timer)
    siftUp(heap.count - 1)
    return timer
  }

  /// Milliseconds until the next timer, rounded up; -1 where there is none.
  @EventLoop
  var millisecondsToNext: Int32 {
    while let first = heap.first, first.action == nil { removeFirst() }
    guard let first = heap.first else { return -1 }
    let wait = first.deadline - .now
    if wait <= .zero { return 0 }
    let milliseconds =
      wait.components.seconds * 1_000 + wait.components.attoseconds / 1_000_000_000_000_000
    return Int32(min(milliseconds + 1, 60_000))
  }

  /// Runs the actions of all timers whose time has come.
  @EventLoop
  func fire() {
    guard let first = heap.first, first.deadline <= .now else { return }
    let now = ContinuousClock.Instant.now
    while let first = heap.first, first.deadline <= now {
      removeFirst()
      let action = first.action
      first.action = nil
      action?()
    }
  }

  @EventLoop
  private func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    siftDown(0)
  }

  @EventLoop
  private func siftUp(_ start: Int) {
    var index = start
    while index > 0, heap[index].deadline < heap[(index - 1) / 2].deadline {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  @EventLoop
  private func siftDown(_ start: Int) {
    var index = start
    while true {
      let children = [2 * index + 1, 2 * index + 2].filter { $0 < heap.count }
      guard let child = children.min(by: { heap[$0].deadline < heap[$1].deadline }),
        heap[child].deadline < heap[index].deadline
      else { return }
      heap.swapAt(index, child)
      index = child
    }
  }
}
