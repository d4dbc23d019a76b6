import Scalars
import TestCommands
import Testing

@testable import Planner

@Suite struct RankedTasksTests {
  @Test(arguments: [1, 2] as [UInt64])
  func `agrees with a sorted array`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var (ranked, model) = (RankedTasks(), [RankedTasks.Entry]())
    for step in 0..<3_500 {
      let entry = RankedTasks.Entry(
        rank: Int.random(in: 0...3_000, using: &random),
        id: TaskID(UUID(high: 0, low: UInt64.random(in: 0...3, using: &random))))
      let index = model.firstIndex { $0 >= entry } ?? model.count
      let isThere = index < model.count && model[index] == entry
      let next = isThere ? index + 1 : index
      let agrees =
        ranked.entry(before: entry) == (index > 0 ? model[index - 1] : nil)
        && ranked.entry(after: entry) == (next < model.count ? model[next] : nil)
        && ranked.last == model.last
      #expect(agrees, "step \(step)")
      if isThere || (step > 2_500 && !model.isEmpty) {
        let victim = isThere ? entry : model.randomElement(using: &random)!
        ranked.remove(victim)
        model.removeAll { $0 == victim }
      } else {
        ranked.remove(entry)
        ranked.insert(entry)
        model.insert(entry, at: index)
      }
    }
    #expect(ranked.entries == model)
  }

  @Test func `is equal however it came about`() {
    let entries = (0..<2_000).map { RankedTasks.Entry(rank: $0, id: TaskID(UUID(high: 0, low: 0))) }
    var (up, down) = (RankedTasks(), RankedTasks())
    for entry in entries { up.insert(entry) }
    for entry in entries.reversed() { down.insert(entry) }
    #expect(up == down)
    down.remove(entries[7])
    #expect(up != down)
    #expect(RankedTasks().isEmpty && RankedTasks().last == nil && RankedTasks().entries.isEmpty)
    #expect(RankedTasks().entry(before: entries[0]) == nil)
    #expect(RankedTasks().entry(after: entries[0]) == nil)
  }
}
