/// The states of the streams that were used last.
///
/// An entry is taken out to be worked on, so that it has one owner and changes in place.
struct StateCache<State> {
  struct Entry {
    var state: State
    var version: Int
  }

  private struct Cached {
    let entry: Entry
    let weight: Int
    let lastUse: Int
  }

  /// How many streams are cached, and how many bytes roughly.
  static var capacity: Int { 1_000 }
  static var weightLimit: Int { 96 << 20 }

  private let weight: (State) -> Int
  private var entries: [StreamID: Cached] = [:]
  private var totalWeight = 0
  private(set) var droppedWeight = 0
  private var clock = 0

  init(weight: @escaping (State) -> Int = { _ in 0 }) {
    self.weight = weight
  }

  mutating func take(_ stream: StreamID) -> Entry? {
    guard let cached = entries.removeValue(forKey: stream) else { return nil }
    totalWeight -= cached.weight
    return cached.entry
  }

  /// The entry where it stays.
  func peek(_ stream: StreamID) -> Entry? { entries[stream]?.entry }

  mutating func put(_ stream: StreamID, _ entry: Entry) {
    clock += 1
    let cached = Cached(entry: entry, weight: weight(entry.state), lastUse: clock)
    totalWeight += cached.weight
    if let old = entries.updateValue(cached, forKey: stream) { totalWeight -= old.weight }
    if entries.count > Self.capacity || totalWeight > Self.weightLimit { dropOldest() }
  }

  /// Whether that much was dropped since this was last true.
  mutating func takeDroppedWeight(atLeast weight: Int) -> Bool {
    guard droppedWeight >= weight else { return false }
    droppedWeight = 0
    return true
  }

  /// Drops an eighth at once, so that a full cache does not sort at every command. The one that was used last stays.
  private mutating func dropOldest() {
    let byUse = entries.sorted { $0.value.lastUse < $1.value.lastUse }
    var rest = byUse.dropLast()[...]
    while let (stream, cached) = rest.popFirst(),
      entries.count > Self.capacity * 7 / 8 || totalWeight > Self.weightLimit * 7 / 8
    {
      entries[stream] = nil
      totalWeight -= cached.weight
      droppedWeight += cached.weight
    }
  }
}
