/// When positions of the log were appended, as far as something follows it that has not come there.
struct AppendTimes {
  private typealias Mark = (position: Int, at: ContinuousClock.Instant)

  private var marks: [Mark] = []
  /// What is appended in a shorter time counts as appended at its beginning.
  private static let resolution = Duration.milliseconds(10)
  private static let most = 10_000

  /// The log reaches a position from now on, which may be less than it did: then what is there is as old as nothing.
  mutating func note(_ position: Int, at now: ContinuousClock.Instant) {
    if let last = marks.last, position < last.position { marks = [] }
    if let last = marks.last,
      now - last.at < AppendTimes.resolution || marks.count == AppendTimes.most
    {
      marks[marks.count - 1].position = position
    } else {
      marks.append((position, now))
    }
  }

  /// How long the first event after a position has been there; zero where there is none. Who follows the log only asks
  /// about positions that rise.
  mutating func age(after position: Int, at now: ContinuousClock.Instant) -> Duration {
    if let index = marks.firstIndex(where: { $0.position > position }) {
      marks.removeFirst(index)
    } else {
      marks = []
    }
    return marks.first.map { now - $0.at } ?? .zero
  }
}
