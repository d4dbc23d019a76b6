package import EventLoop
package import Postgres
package import Scalars

/// Knows how far the log reaches, and tells those who follow it.
///
/// Appends of this daemon say so themselves; those of others come by NOTIFY, which is a hint, and by asking
/// every 250 ms.
@EventLoop
package final class LogTail {
  /// The last position known.
  package private(set) var head = 0
  /// The greatest `recorded_at` known.
  package var lastRecordedAt = Instant(microseconds: 0)

  /// Called when the head moves, backwards too, with the streams that events went to, nil where they are not known.
  package var followers: [ObjectIdentifier: (Int, Set<StreamID>?) -> Void] = [:]
  /// Called when somebody waits at another daemon for what this one is to do about new events.
  package var onHurry: () -> Void = {}

  /// Whether others' appends are heard of.
  package var isConnected: Bool { if case .connected = listener.state { true } else { false } }

  private let listener: Session
  private let reader: LogReader
  private var isNotifying = false
  private var mustNotify = false
  private var mustHurry = false
  private var isLooking = false
  private var mustLook = false
  private var isHurried = false
  private var isStopped = false

  private static let channel = "plannerd_log"
  /// What a NOTIFY says where somebody waits.
  private static let hurry = "hurry"
  private static let pollInterval = Duration.milliseconds(250)
  /// From one NOTIFY to the next: each is a transaction.
  private static let notifyInterval = Duration.milliseconds(20)

  /// `session` is one that nobody runs anything long on.
  package init(_ session: Session) {
    listener = session
    reader = LogReader(session)
  }

  package func start() async throws(LogFault) {
    listener.onNotification = { [weak self] channel, text in
      guard channel == LogTail.channel, let self else { return }
      if text == LogTail.hurry { isHurried = true }
      look()
    }
    listener.onConnect = { connection throws(PostgresError) in
      _ = try await connection.run([Query(Statement("LISTEN \(LogTail.channel)"))])
    }
    listener.start()
    advance(to: try await reader.head(), streams: nil)
    poll()
  }

  package func stop() {
    isStopped = true
  }

  /// Takes note of events that this daemon has appended to some streams.
  func appended(_ positions: ClosedRange<Int>, to streams: Set<StreamID>) {
    guard positions.upperBound > head else { return }
    // Where another daemon wrote in between, its streams are not known.
    let isNext = positions.lowerBound == head + 1
    advance(to: positions.upperBound, streams: isNext ? streams : nil)
    notifyOthers()
  }

  /// Takes note of a position that the log was seen to reach.
  func learned(_ position: Int) { advance(to: position, streams: nil) }

  /// Tells other daemons that somebody waits here for what they do about new events.
  package func hurryOthers() {
    mustHurry = true
    notifyOthers()
  }

  private func advance(to position: Int, streams: Set<StreamID>?, back: Bool = false) {
    guard position > head || back else { return }
    head = position
    for follower in followers.values { follower(position, streams) }
  }

  /// Tells other daemons, after the commit and off its path: at once, unless they were told a moment ago.
  private func notifyOthers() {
    mustNotify = true
    guard !isNotifying else { return }
    isNotifying = true
    Task { @EventLoop in
      while mustNotify {
        let text = mustHurry ? LogTail.hurry : ""
        (mustNotify, mustHurry) = (false, false)
        _ = try? await listener.run(
          LogTail.notification(.text(LogTail.channel), .text(text)), resend: .forbidden)
        await EventLoop.sleep(LogTail.notifyInterval)
      }
      isNotifying = false
    }
  }

  private static let notification = Statement("SELECT pg_notify($1, $2)")

  private func poll() {
    guard !isStopped else { return }
    look()
    EventLoop.after(LogTail.pollInterval) { [weak self] in self?.poll() }
  }

  /// Finds out how far the log reaches; where that is being done already, then once more.
  private func look() {
    mustLook = true
    guard !isLooking else { return }
    isLooking = true
    Task { @EventLoop in
      while mustLook {
        mustLook = false
        await readHead()
      }
      isLooking = false
      guard isHurried else { return }
      isHurried = false
      onHurry()
    }
  }

  private func readHead() async {
    let known = head
    guard let position = try? await reader.head() else { return }
    // Postgres has come back with a shorter log than was known when it was asked: a restored backup, a standby that
    // had not got all.
    let isShorter = position < known && head == known
    let streams = position > head ? try? await reader.streams(after: head, upTo: position) : nil
    advance(to: position, streams: streams, back: isShorter)
  }
}
