internal import EventLog
internal import EventLoop
internal import Scalars

/// Where the last events of streams are that were written to lately: a question about a planner waits for them, so that who
/// has written sees it without saying so.
@EventLoop
final class RecentWrites {
  private let tail: LogTail
  private var positions: [StreamID: Int] = [:]

  /// Streams that are remembered at most, and how far behind the head they are forgotten.
  private static let capacity = 10_000
  private static let reach = 5_000

  init(_ tail: LogTail) {
    self.tail = tail
    tail.followers[ObjectIdentifier(self)] = { [weak self] head, streams in
      self?.appended(upTo: head, to: streams)
    }
  }

  /// 0 where nothing was written to the stream lately.
  func position(of stream: StreamID) -> Int { min(positions[stream] ?? 0, tail.head) }

  private func appended(upTo head: Int, to streams: Set<StreamID>?) {
    for stream in streams ?? [] { positions[stream] = head }
    if positions.count > RecentWrites.capacity {
      positions = positions.filter { $0.value > head - RecentWrites.reach }
    }
  }
}
