internal import EventLog
package import EventLoop
internal import Scalars

/// Says when a view's rows of a scope may have become others: events of the scope were folded, another build or other queries
/// answer, or the view is gone. What happens between two waits counts once.
@EventLoop
package final class LiveWatch {
  private let method: String
  private let scope: UUID?
  private let catalog: ViewCatalog
  private let tail: LogTail
  private var news = Signal()
  /// The scope may have events up to here that the build has not folded.
  private var awaited: Int?
  private var isWaiting = false

  init(_ method: String, scope: UUID?, catalog: ViewCatalog, tail: LogTail) {
    self.method = method
    self.scope = scope
    self.catalog = catalog
    self.tail = tail
    if position < tail.head { awaited = tail.head }
    tail.followers[ObjectIdentifier(self)] = { [weak self] head, streams in
      self?.appended(upTo: head, to: streams)
    }
    catalog.followers[ObjectIdentifier(self)] = { [weak self] projection, isOther in
      self?.folded(projection, isOther: isOther)
    }
  }

  package func end() {
    tail.followers[ObjectIdentifier(self)] = nil
    catalog.followers[ObjectIdentifier(self)] = nil
    catalog.await(nil, nil, for: self)
    news.fire()
  }

  /// Whether the view's answers depend on the clock.
  package var usesNow: Bool { catalog.views[method]?.query.usesNow == true }

  /// Returns when the rows may have become others since the last time that this was called, when `wake` was, or after
  /// some time.
  package func wait(atMost duration: Duration?) async {
    let news = self.news
    let timer = duration.map { EventLoop.after($0) { news.fire() } }
    isWaiting = true
    hasten()
    await news.wait()
    isWaiting = false
    catalog.await(nil, nil, for: self)
    timer?.cancel()
    self.news = Signal()
  }

  /// Ends a wait.
  package func wake() { news.fire() }

  /// What answers now: none while the daemon starts, and in its life perhaps one after the other.
  private var build: Build? { catalog.views[method]?.build }

  private var position: Int { build.flatMap { catalog.served[$0.projection]?.build.position } ?? 0 }

  private func appended(upTo head: Int, to streams: Set<StreamID>?) {
    if let streams, let category = build?.category, let scope,
      !streams.contains(StreamID(category: category, id: scope))
    {
      return
    }
    awaited = head
    look()
  }

  private func folded(_ projection: String, isOther: Bool) {
    if isOther {
      // The method may have moved to another projection.
      news.fire()
    } else if projection == build?.projection {
      look()
    }
  }

  private func look() {
    guard let awaited, position >= awaited else { return hasten() }
    self.awaited = nil
    news.fire()
  }

  /// Has the view folded at once, but not while the reader is busy with what there was before.
  private func hasten() {
    if isWaiting, let awaited { catalog.await(build?.projection, awaited, for: self) }
  }
}
