internal import EventLoop
internal import JSON
internal import Postgres
internal import Scalars

/// Keeps states of streams beside the log, and reads them again, so that a stream need not be folded from its beginning.
@EventLoop
final class StateKeeper<State: Sendable> {
  private let storage: StateStorage<State>?
  private let reading: Session
  private let writing: Session
  /// Up to which versions the states are kept, of the streams that were used last.
  private var keptVersions: [StreamID: Int] = [:]
  /// Whose states are to be kept, the first first.
  private var due: [StreamID] = []
  /// The state of a stream as it is now, where it is at hand.
  var current: (StreamID) -> StateCache<State>.Entry? = { _ in nil }

  /// Events from one kept state to the next at least; for a big state there are more.
  private static var spacing: Int { 1_000 }
  /// Bytes of a state for each of which an event is waited for.
  private static var bytesPerEvent: Int { 1_000 }
  private static var remembered: Int { 4_000 }

  init(_ storage: StateStorage<State>?, reading: Session, writing: Session) {
    self.storage = storage
    self.reading = reading
    self.writing = writing
  }

  /// The state that is kept of a stream, if there is one that its events lead to.
  func load(_ stream: StreamID) async throws(LogFault) -> StateCache<State>.Entry? {
    guard let storage else { return nil }
    let rows: Rows
    do {
      rows = try await reading.run(
        loadStatement(
          .text(stream.category), .text(stream.id.description), .int(storage.format)),
        resend: .allowed)
    } catch {
      throw LogFault(reading: error)
    }
    guard !rows.isEmpty, let version = rows.int(0, 0),
      let json = try? JSON.parse(rows.text(0, 1)), let state = storage.read(json)
    else { return nil }
    remember(stream, version)
    return .init(state: state, version: version)
  }

  /// Sees to it that a stream's state is kept, in the background, if the one before it is far behind.
  func offer(_ stream: StreamID, _ state: State, _ version: Int) {
    guard let storage,
      version - keptVersions[stream, default: 0]
        >= max(Self.spacing, storage.weight(state) / Self.bytesPerEvent)
    else { return }
    remember(stream, version)
    due.append(stream)
    guard due.count == 1 else { return }
    Task { @EventLoop in
      while let stream = due.first {
        if let entry = current(stream) { await keep(stream, entry, storage) }
        due.removeFirst()
      }
    }
  }

  /// What cannot be kept now is kept later.
  private func keep(
    _ stream: StreamID, _ entry: StateCache<State>.Entry, _ storage: StateStorage<State>
  ) async {
    let written = Promise<String>()
    let state = entry.state
    // The loop is not held up by a long text.
    BlockingThread.run {
      let text = storage.write(state).text
      Task { @EventLoop in written.fulfil(text) }
    }
    let text = await written.get()
    _ = try? await writing.run(
      keepStatement(
        .text(stream.category), .text(stream.id.description), .int(entry.version),
        .int(storage.format), .text(text)), resend: .allowed)
  }

  private func remember(_ stream: StreamID, _ version: Int) {
    if keptVersions.count > Self.remembered { keptVersions = [:] }
    keptVersions[stream] = version
  }
}

private let loadStatement = Statement(
  """
  SELECT s.version, s.state FROM log.states s
    JOIN log.events e USING (category, stream_id, version, hash)
   WHERE s.category = $1 AND s.stream_id = $2 AND s.format = $3
  """)
private let keepStatement = Statement("SELECT log.keep_state($1, $2, $3, $4, $5)")
