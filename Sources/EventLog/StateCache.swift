/// The states of the streams that were used last.
///
/// An entry is taken out to be worked on, so that it has one owner and changes in place.
struct StateCache<State> {
  struct Entry {
    var state: State
    var version: Int
  }

  /// How many streams are kept.
  static var capacity: Int { 1_000 }

  private var entries: [StreamID: (entry: Entry, lastUse: Int)] = [:]
  private var clock = 0

  mutating func take(_ stream: StreamID) -> Entry? {
    entries.removeValue(forKey: stream)?.entry
  }

  mutating func put(_ stream: StreamID, _ entry: Entry) {
    clock += 1
    entries[stream] = (entry, clock)
    if entries.count > Self.capacity { dropOldest() }
  }

  /// Drops an eighth at once, so that a full cache does not sort at every command.
  private mutating func dropOldest() {
    let byUse = entries.sorted { $0.value.lastUse < $1.value.lastUse }
    for (stream, _) in byUse.prefix(Self.capacity / 8) { entries[stream] = nil }
  }
}
