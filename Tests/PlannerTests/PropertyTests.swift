import JSON
import Scalars
import Testing

@testable import Planner

/// A planner on which random commands of several clients were carried out. The seed is the argument that a
/// failing test prints.
private struct Run {
  var state = PlannerState()
  var events: [PlannerEvent] = []
  var rejections: [Rule: Int] = [:]
  var commands = 0

  init(seed: UInt64, commands: Int = 600, check: (Run, PlannerState, [PlannerEvent]) -> Void) {
    var random = SplitMix64(seed: seed)
    var clients = (0..<3).map { client in
      CommandGenerator(seed: seed &* 31 &+ UInt64(client), client: client, of: 3, now: Given.now)
    }
    for _ in 0..<commands {
      let command = clients[Int.random(in: 0..<3, using: &random)].next()
      let before = state
      self.commands += 1
      switch Outcome(state: state, command: command).result {
      case .failure(let rejection): rejections[rejection.rule, default: 0] += 1
      case .success(let new):
        for event in new { state.evolve(event) }
        events += new
        check(self, before, new)
      }
    }
  }
}

@Suite struct PropertyTests {
  static let seeds: [UInt64] = [1, 2, 3, 42, 2_026, 0xDEAD_BEEF]

  @Test(arguments: seeds)
  func `evolve accepts all that decide emits`(seed: UInt64) throws {
    let run = Run(seed: seed) { _, _, new in #expect(!new.isEmpty) }
    for event in run.events {
      let stored = NewEvent(event)
      #expect(PlannerEvent(type: stored.type, data: stored.data) == event)
      let text = try JSON.parse(stored.data.sorted.text)
      #expect(PlannerEvent(type: stored.type, data: text) == event)
    }
  }

  @Test(arguments: seeds)
  func `the fold of the stored events is the state that was decided on`(seed: UInt64) {
    let run = Run(seed: seed) { _, _, _ in }
    var state = PlannerState()
    for (index, event) in run.events.enumerated() {
      state.evolve(type: event.type, data: event.data, version: index + 1)
    }
    #expect(state == run.state)
    #expect(state.version == run.events.count)
  }

  @Test(arguments: seeds)
  func `names and ranks are unique, and nothing hangs in the air`(seed: UInt64) {
    _ = Run(seed: seed, commands: 300) { run, _, _ in expectWhole(run.state) }
  }

  @Test(arguments: seeds)
  func `before and after are each other's inverse`(seed: UInt64) throws {
    var run = Run(seed: seed) { _, _, _ in }
    for event in run.events.reversed() where event.type != "PlannerOpened" {
      let inverse = try #require(opposite(of: event))
      run.state.evolve(inverse)
    }
    #expect(run.state.pillars.isEmpty && run.state.themes.isEmpty && run.state.tasks.isEmpty)
    #expect(run.state.preferences == Preferences())
    #expect(run.state.pillarsByName.isEmpty && run.state.themesByName.isEmpty)
    #expect(run.state.ranked(in: nil).isEmpty)
  }

  @Test(arguments: seeds)
  func `what was before is what the state held`(seed: UInt64) {
    _ = Run(seed: seed) { run, before, new in
      var state = before
      for event in new {
        var back = state
        back.evolve(event)
        if let inverse = opposite(of: event) {
          back.evolve(inverse)
          #expect(back.pillars == state.pillars)
          #expect(back.themes == state.themes)
          #expect(back.tasks == state.tasks)
          #expect(back.preferences == state.preferences)
        }
        state.evolve(event)
      }
      #expect(state == run.state)
    }
  }

  @Test func `random commands are mostly valid, and reach every event`() {
    var (types, accepted, commands): (Set<String>, Int, Int) = ([], 0, 0)
    var rules: Set<Rule> = []
    var counts: [Rule: Int] = [:]
    for seed in PropertyTests.seeds {
      let run = Run(seed: seed) { _, _, _ in accepted += 1 }
      types.formUnion(run.events.map(\.type))
      rules.formUnion(run.rejections.keys)
      commands += run.commands
      counts.merge(run.rejections, uniquingKeysWith: +)
    }
    #expect(
      types.isSuperset(of: Set(EventType.allCases.map(\.rawValue)).subtracting(["TasksReranked"])))
    #expect(Double(accepted) / Double(commands) > 0.5, "\(accepted) of \(commands)")
    #expect(rules.count > 15, "\(rules)")
    print(counts.sorted { $0.value > $1.value }, accepted, commands)
  }
}

private func expectWhole(_ state: PlannerState) {
  #expect(state.pillarsByName.count == state.pillars.count)
  for (id, pillar) in state.pillars { #expect(state.pillarsByName[pillar.name] == id) }
  #expect(state.themesByName.values.reduce(0) { $0 + $1.count } == state.themes.count)
  for (id, theme) in state.themes {
    #expect(state.pillars[theme.pillarID] != nil)
    #expect(state.themesByName[theme.pillarID]?[theme.name] == id)
  }
  let places: [ThemeID?] = [nil] + state.themes.keys.map { $0 }
  #expect(places.reduce(0) { $0 + state.ranked(in: $1).entries.count } == state.tasks.count)
  for place in places {
    let entries = state.ranked(in: place).entries
    #expect(Set(entries.map(\.rank)).count == entries.count)
    for entry in entries {
      #expect(state.tasks[entry.id]?.themeID == place)
      #expect(state.tasks[entry.id]?.rank == entry.rank)
      #expect(abs(entry.rank) <= RankGap.most)
    }
  }
  for task in state.tasks.values {
    #expect(task.dueDate == nil || task.dueAt == nil)
    #expect((task.status == .done) == (task.completedAt != nil))
    #expect((task.taskType == .recurring) == (task.recurrence != nil))
  }
}

/// The event with before and after exchanged.
private func opposite(of event: PlannerEvent) -> PlannerEvent? {
  let opposites = ["Created": "Removed", "Removed": "Created"]
  var type = event.type
  for (suffix, opposite) in opposites where event.type.hasSuffix(suffix) {
    type = event.type.dropLast(suffix.count) + opposite
  }
  guard let data = event.data.object else { return nil }
  let members = data.members.map { member in
    let names = ["before": "after", "after": "before"]
    return JSONObject.Member(name: names[member.name] ?? member.name, value: member.value)
  }
  return PlannerEvent(type: type, data: .object(JSONObject(unique: members)))
}
