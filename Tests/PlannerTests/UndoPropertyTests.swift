import JSON
import Scalars
import TestCommands
import Testing

@testable import Planner

/// Commands, undos and redos in random order. The seed is the argument that a failing test prints.
private struct Turmoil {
  var story = Story()
  var counts: [String: Int] = [:]
  private var random: SplitMix64
  private var clients: [CommandGenerator]

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    clients = (0..<2).map { client in
      CommandGenerator(seed: seed &* 17 &+ UInt64(client), client: client, of: 2, now: Given.now)
    }
  }

  /// The next command; nil for one whose events would not say all that it asked for, as it asks for what is so already.
  mutating func next() -> JSON? {
    if !story.commands.isEmpty, Int.random(in: 0..<10, using: &random) < 3 { return nextUndo() }
    let command = clients[Int.random(in: 0..<2, using: &random)].next()
    return repeatsWhatIs(command) ? nil : command
  }

  private mutating func nextUndo() -> JSON? {
    let counting = story.commands.filter { !story.undone.contains($0.id) }
    let undos = counting.filter { $0.name == "undo" }
    let pool =
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1: undos
      case 2, 3: Array(counting.suffix(6))
      default: counting
      }
    guard let one = pool.randomElement(using: &random) else { return nil }
    var ids = [one.id]
    if Int.random(in: 0..<5, using: &random) == 0, let other = pool.randomElement(using: &random),
      other.id != one.id
    {
      ids.append(other.id)
    }
    let id = UUID.version7(at: Given.now, using: &random)
    return [
      "commandId": .string(id.description),
      "undo": Story.undo(ids, cascade: Bool.random(using: &random)),
    ]
  }

  private func repeatsWhatIs(_ command: JSON) -> Bool {
    guard case .success(let decisions) = story.decide(command),
      let body = command.object?.members.first(where: { $0.name.hasPrefix("change") }),
      let fields = body.value.object?.members
    else { return false }
    let changed = decisions.last.map { $0.event.data["after"] ?? [:] } ?? [:]
    let asked =
      fields.map(\.name) + (body.value["clear"]?.array?.compactMap(\.string) ?? [])
    return asked.contains { name in
      name != "clear" && changed[name] == nil && decisions.last?.event.data[name] == nil
    }
  }

  /// The state after only those commands that count, each decided anew; nil where one is refused.
  func replayed() -> PlannerState? {
    var state = PlannerState()
    for command in story.commands where command.name != "undo" && !story.undone.contains(command.id)
    {
      guard case .success(let events) = Outcome(state: state, command: command.json).result else {
        return nil
      }
      for event in events { state.evolve(event) }
    }
    return state
  }
}

@Suite struct UndoPropertyTests {
  static let seeds: [UInt64] = [1, 2, 3, 42, 2_026]

  @Test(arguments: seeds)
  func `after undo and redo all is as if only those commands had been that count`(seed: UInt64) {
    var turmoil = Turmoil(seed: seed)
    var (undos, compared) = (0, 0)
    for _ in 0..<250 {
      guard let command = turmoil.next() else { continue }
      guard case .success(let decisions) = turmoil.story.carryOut(command) else { continue }
      guard command["undo"] != nil else { continue }
      undos += 1
      #expect(faults(of: turmoil.story.state) == [], "\(decisions)")
      guard let replayed = turmoil.replayed() else { continue }
      compared += 1
      let (one, other) = (Contents(turmoil.story.state).unranked, Contents(replayed).unranked)
      #expect(one.pillars == other.pillars)
      #expect(one.themes == other.themes)
      #expect(one.tasks == other.tasks)
      #expect(one.preferences == other.preferences)
    }
    #expect(undos > 30 && compared > 10, "\(undos) undos, \(compared) compared")
  }

  @Test(arguments: seeds)
  func `undoing an undo leaves all as it was`(seed: UInt64) {
    var turmoil = Turmoil(seed: seed)
    for _ in 0..<250 {
      guard let command = turmoil.next() else { continue }
      let before = turmoil.story
      guard case .success = turmoil.story.carryOut(command), command["undo"] != nil else {
        continue
      }
      var again = turmoil.story
      let id = again.commands.last!.id
      let result = again.carryOut("undo", Story.undo([id]))
      guard case .success = result else {
        Issue.record("\(command.text): \(result)")
        continue
      }
      #expect(Contents(again.state) == Contents(before.state), "\(command.text)")
      #expect(again.undone.subtracting([id]) == before.undone)
    }
  }

  @Test(arguments: seeds)
  func `no more of the past is needed than is asked for`(seed: UInt64) {
    var turmoil = Turmoil(seed: seed)
    for _ in 0..<250 {
      guard let command = turmoil.next() else { continue }
      if command["undo"] != nil {
        let (some, all) = (turmoil.story.decide(command), turmoil.story.decideKnowingAll(command))
        #expect(some == all, "\(command.text)")
      }
      turmoil.story.carryOut(command)
    }
  }
}
