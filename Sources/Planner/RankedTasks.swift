import Scalars

/// The tasks of one theme or the inbox in the order of their ranks.
///
/// Kept in sorted runs of bounded length, so that putting one in costs the length of a run and not that
/// of the whole.
struct RankedTasks: Sendable, Equatable {
  struct Entry: Hashable, Comparable, Sendable {
    let rank: Int
    let id: TaskID

    static func < (left: Entry, right: Entry) -> Bool {
      left.rank != right.rank ? left.rank < right.rank : left.id.uuid < right.id.uuid
    }
  }

  private static let longestRun = 512

  /// None is empty.
  private var runs: [[Entry]] = []

  var isEmpty: Bool { runs.isEmpty }
  var last: Entry? { runs.last?.last }
  var entries: [Entry] { Array(runs.joined()) }

  mutating func insert(_ entry: Entry) {
    guard !runs.isEmpty else {
      runs = [[entry]]
      return
    }
    let run = self.run(of: entry)
    runs[run].insert(entry, at: RankedTasks.lowerBound(runs[run], entry))
    if runs[run].count > RankedTasks.longestRun { split(run) }
  }

  mutating func remove(_ entry: Entry) {
    guard !runs.isEmpty else { return }
    let run = self.run(of: entry)
    let index = RankedTasks.lowerBound(runs[run], entry)
    guard index < runs[run].count, runs[run][index] == entry else { return }
    runs[run].remove(at: index)
    if runs[run].isEmpty { runs.remove(at: run) }
  }

  /// The last entry below this one, which need not be there.
  func entry(before entry: Entry) -> Entry? {
    guard !runs.isEmpty else { return nil }
    let run = self.run(of: entry)
    let index = RankedTasks.lowerBound(runs[run], entry)
    if index > 0 { return runs[run][index - 1] }
    return run > 0 ? runs[run - 1].last : nil
  }

  /// The first entry above this one, which need not be there.
  func entry(after entry: Entry) -> Entry? {
    guard !runs.isEmpty else { return nil }
    let run = self.run(of: entry)
    var index = RankedTasks.lowerBound(runs[run], entry)
    if index < runs[run].count, runs[run][index] == entry { index += 1 }
    if index < runs[run].count { return runs[run][index] }
    return run + 1 < runs.count ? runs[run + 1].first : nil
  }

  /// The same tasks in the same order, however they are cut into runs.
  static func == (left: RankedTasks, right: RankedTasks) -> Bool {
    left.entries == right.entries
  }

  /// The run that an entry is in or belongs into: the last that starts at or below it, else the first.
  private func run(of entry: Entry) -> Int {
    var (low, high) = (0, runs.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if entry < runs[middle][0] { high = middle } else { low = middle }
    }
    return low
  }

  /// A full last run stays whole, and a new one is begun: tasks mostly come at the end.
  private mutating func split(_ run: Int) {
    let keep = run == runs.count - 1 ? RankedTasks.longestRun : RankedTasks.longestRun / 2
    let rest = Array(runs[run][keep...])
    runs[run].removeSubrange(keep...)
    runs.insert(rest, at: run + 1)
  }

  private static func lowerBound(_ run: [Entry], _ entry: Entry) -> Int {
    var (low, high) = (0, run.count)
    while low < high {
      let middle = (low + high) / 2
      if run[middle] < entry { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
