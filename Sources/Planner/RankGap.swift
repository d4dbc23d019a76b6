/// The gap between two tasks that follow each other, or at an end of their place.
struct RankGap {
  /// The distance at which tasks are put where nothing else decides.
  static let step = 1_024
  /// What JSON numbers hold exactly everywhere: ±(2^53 − 1).
  static let most = 9_007_199_254_740_991

  let lower: RankedTasks.Entry?
  let upper: RankedTasks.Entry?

  /// A free rank in the gap; nil where there is none.
  var rank: Int? {
    switch (lower?.rank, upper?.rank) {
    case (nil, nil): RankGap.step
    case (let lower?, nil): lower <= RankGap.most - RankGap.step ? lower + RankGap.step : nil
    case (nil, let upper?): upper >= RankGap.step - RankGap.most ? upper - RankGap.step : nil
    case (let lower?, let upper?): upper - lower >= 2 ? lower + (upper - lower) / 2 : nil
    }
  }

  /// Whether a task of the place is already in this gap.
  func holds(_ entry: RankedTasks.Entry, _ ranked: RankedTasks) -> Bool {
    ranked.entry(before: entry) == lower && ranked.entry(after: entry) == upper
  }

  /// The gap between the same two once they are reranked.
  func after(_ reranking: Reranking) -> RankGap {
    func moved(_ entry: RankedTasks.Entry?) -> RankedTasks.Entry? {
      entry.map { .init(rank: reranking.after[$0.id] ?? $0.rank, id: $0.id) }
    }
    return RankGap(lower: moved(lower), upper: moved(upper))
  }
}
