internal import CLinux
internal import Glibc
internal import Synchronization

/// The executor behind `EventLoop`: its thread, its queue of jobs, its descriptors and timers.
///
/// `@unchecked Sendable`: `remote` is guarded by its mutex; everything else is touched by the loop's own
/// thread only, which `enqueue` and `isIsolatingCurrentContext` check.
final class LoopExecutor: SerialExecutor, @unchecked Sendable {
  private let epoll: Int32
  private let wakeUp: Int32
  private let remote = Mutex<Remote>(Remote())
  private var local: [UnownedJob] = []
  private var watches: [Int32: Watch] = [:]
  /// How many watches there have been.
  private var generations: UInt32 = 0
  private var thread = pthread_t()
  let timers = Timers()

  /// Jobs from other threads; `woken` tells that the eventfd has been written since the last look.
  private struct Remote {
    var jobs: [UnownedJob] = []
    var woken = false
  }

  init() {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(epoll >= 0 && wakeUp >= 0, "no descriptors left for the event loop")
    // A write to a peer that has left is an error of that call, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    control(EPOLL_CTL_ADD, Token(descriptor: wakeUp, generation: 0), .read)
    let started = Signalled()
    BlockingThread.run { [unowned self] in
      thread = pthread_self()
      started.signal()
      run()
    }
    started.wait()
  }

  // MARK: Executor

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isOnLoop {
      local.append(job)
      return
    }
    let mustWake = remote.withLock { remote in
      remote.jobs.append(job)
      defer { remote.woken = true }
      return !remote.woken
    }
    if mustWake {
      var one: UInt64 = 1
      _ = unsafe write(wakeUp, &one, 8)
    }
  }

  func isIsolatingCurrentContext() -> Bool? { isOnLoop }

  func checkIsolated() {
    precondition(isOnLoop, "not on the event loop's thread")
  }

  private var isOnLoop: Bool { pthread_equal(pthread_self(), thread) != 0 }

  // MARK: Descriptors

  func add(_ watch: Watch) {
    EventLoop.assumeOnLoop {
      precondition(
        watches[watch.descriptor] == nil, "descriptor \(watch.descriptor) is watched twice")
      generations &+= 1
      watch.generation = generations
      watches[watch.descriptor] = watch
      control(EPOLL_CTL_ADD, Token(watch), watch.interest)
    }
  }

  func change(_ watch: Watch) {
    EventLoop.assumeOnLoop { control(EPOLL_CTL_MOD, Token(watch), watch.interest) }
  }

  func remove(_ watch: Watch) {
    EventLoop.assumeOnLoop {
      watches[watch.descriptor] = nil
      control(EPOLL_CTL_DEL, Token(watch), [])
    }
  }

  /// What the kernel hands back with an event. Of the events of one look some may be of a descriptor that a handler
  /// has closed since, and whose number a new one has: the generation tells the two apart.
  private struct Token {
    let descriptor: Int32
    let generation: UInt32

    init(descriptor: Int32, generation: UInt32) {
      self.descriptor = descriptor
      self.generation = generation
    }

    @EventLoop
    init(_ watch: Watch) {
      self.init(descriptor: watch.descriptor, generation: watch.generation)
    }

    init(_ data: UInt64) {
      self.init(
        descriptor: Int32(truncatingIfNeeded: data), generation: UInt32(data >> 32))
    }

    var data: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor)) }
  }

  private func control(_ operation: Int32, _ token: Token, _ interest: Interest) {
    var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data(u64: token.data))
    let descriptor = token.descriptor
    let result = unsafe epoll_ctl(epoll, operation, descriptor, &event)
    // libpq closes its socket when the server goes, before anyone can take it off the loop.
    if result != 0, operation == EPOLL_CTL_DEL, errno == EBADF || errno == ENOENT { return }
    precondition(result == 0, "epoll_ctl on descriptor \(descriptor): errno \(errno)")
  }

  // MARK: The loop

  private func run() -> Never {
    keepJobs()
    var events = unsafe [epoll_event](repeating: epoll_event(), count: 256)
    while true {
      runJobs()
      EventLoop.assumeOnLoop { timers.fire() }
      let idle = local.isEmpty
      let timeout = idle ? EventLoop.assumeOnLoop { timers.millisecondsToNext } : 0
      let count = unsafe epoll_wait(epoll, &events, Int32(events.count), timeout)
      for index in 0..<max(0, Int(count)) {
        unsafe deliver(
          Token(events[index].data.u64), Interest(rawValue: events[index].events))
      }
    }
  }

  /// Keeps the jobs of no particular executor that come from the loop's thread. As such a job the runtime brings back each
  /// task that was waiting for a continuation: by way of a thread of the pool it would take two wake-ups to get
  /// back to where it began.
  private func keepJobs() {
    unsafe clinux_offer_global_jobs { job in
      let executor = EventLoop.shared.executor
      guard executor.isOnLoop else { return false }
      executor.local.append(unsafe unsafeBitCast(job, to: UnownedJob.self))
      return true
    }
  }

  private func deliver(_ token: Token, _ ready: Interest) {
    if token.descriptor == wakeUp {
      takeRemoteJobs()
    } else {
      EventLoop.assumeOnLoop {
        // A handler that ran before may have cancelled this watch.
        if let watch = watches[token.descriptor], watch.generation == token.generation {
          watch.handler(ready)
        }
      }
    }
  }

  private func takeRemoteJobs() {
    var counter: UInt64 = 0
    _ = unsafe read(wakeUp, &counter, 8)
    let jobs = remote.withLock { remote in
      remote.woken = false
      let jobs = remote.jobs
      remote.jobs.removeAll()
      return jobs
    }
    local.append(contentsOf: jobs)
  }

  /// Runs the jobs that wait now; those that they enqueue come after the next look at the descriptors, but
  /// for a few rounds that spare a system call each.
  private func runJobs() {
    for _ in 0..<8 where !local.isEmpty {
      let jobs = local
      local = []
      local.reserveCapacity(jobs.count)
      for job in jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
  }
}

extension EventLoop {
  /// Runs a body that is known to be on the loop's thread, for callers that the compiler cannot see there.
  package nonisolated static func assumeOnLoop<Result>(_ body: @EventLoop () -> Result) -> Result {
    typealias Unisolated = () -> Result
    shared.executor.checkIsolated()
    return withoutActuallyEscaping(body) { body in
      unsafe unsafeBitCast(body, to: Unisolated.self)()
    }
  }
}

/// A one-time hand-over between two threads at the start of the loop.
private final class Signalled: Sendable {
  private let pipe: Int32 = eventfd(0, Int32(EFD_CLOEXEC))

  func signal() {
    var one: UInt64 = 1
    _ = unsafe write(pipe, &one, 8)
  }

  func wait() {
    var counter: UInt64 = 0
    _ = unsafe read(pipe, &counter, 8)
    close(pipe)
  }
}
