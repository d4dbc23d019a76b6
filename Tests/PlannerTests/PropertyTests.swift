import JSON
import Scalars
import TestCommands
import Testing

@testable import Planner

/// A planner on which random commands of several clients were carried out. The seed is the argument that a
/// failing test prints.
private struct Run {
  var state = PlannerState()
  var events: [PlannerEvent] = []
  var rejections: [Rule: Int] = [:]
  var commands = 0

  init(seed: UInt64, commands: Int = 400, check: (Run, PlannerState, [PlannerEvent]) -> Void) {
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
  static let seeds: [UInt64] = [1, 2, 42, 2_026]

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
  func `a state is read as it was stored`(seed: UInt64) throws {
    let run = Run(seed: seed) { run, _, _ in
      guard run.commands % 20 == 0 else { return }
      let text = (try? JSON.parse(run.state.stored.text)) ?? .null
      #expect(PlannerState(stored: text) == run.state)
    }
    #expect(PlannerState(stored: run.state.stored) == run.state)
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
    _ = Run(seed: seed, commands: 200) { run, _, _ in #expect(faults(of: run.state) == []) }
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
    _ = Run(seed: seed, commands: 150) { run, before, new in
      var state = before
      for event in new {
        var back = state
        back.evolve(event)
        if let inverse = opposite(of: event) {
          back.evolve(inverse)
          #expect(
            back.pillars == state.pillars && back.themes == state.themes
              && back.tasks == state.tasks && back.preferences == state.preferences)
        }
        state.evolve(event)
      }
      #expect(state == run.state)
    }
  }

  @Test func `random commands are mostly valid, and reach every event`() {
    var (types, accepted, commands): (Set<String>, Int, Int) = ([], 0, 0)
    var rules: Set<Rule> = []
    for seed in PropertyTests.seeds {
      let run = Run(seed: seed) { _, _, _ in accepted += 1 }
      types.formUnion(run.events.map(\.type))
      rules.formUnion(run.rejections.keys)
      commands += run.commands
    }
    #expect(
      types.isSuperset(
        of: Set(EventType.allCases.map(\.rawValue)).subtracting([
          "TasksReranked", "PillarRestored", "ThemeRestored", "TaskRestored", "CommandUndone",
          "CommandRedone",
        ])))
    #expect(Double(accepted) / Double(commands) > 0.5, "\(accepted) of \(commands)")
    #expect(rules.count > 15, "\(rules)")
  }
}

/// What is wrong with a state; nothing should be.
func faults(of state: PlannerState) -> [String] {
  var faults: [String] = []
  func require(_ condition: Bool, _ fault: String) {
    if !condition { faults.append(fault) }
  }
  require(state.pillarsByName.count == state.pillars.count, "names of pillars")
  for (id, pillar) in state.pillars {
    require(state.pillarsByName[pillar.name] == id, "name of pillar \(id)")
  }
  let names = state.themesByName.values.reduce(0) { $0 + $1.count }
  require(names == state.themes.count, "names of themes")
  for (id, theme) in state.themes {
    require(state.pillars[theme.pillarID] != nil, "pillar of theme \(id)")
    require(state.themesByName[theme.pillarID]?[theme.name] == id, "name of theme \(id)")
  }
  let places: [ThemeID?] = [nil] + state.themes.keys.map { $0 }
  let ranked = places.reduce(0) { $0 + state.ranked(in: $1).entries.count }
  require(ranked == state.tasks.count, "places of tasks")
  for place in places {
    let entries = state.ranked(in: place).entries
    require(Set(entries.map(\.rank)).count == entries.count, "ranks in \(place.debugDescription)")
    for entry in entries {
      let task = state.tasks[entry.id]
      require(task?.themeID == place && task?.rank == entry.rank, "place of task \(entry.id)")
      require(abs(entry.rank) <= RankGap.most, "rank of task \(entry.id)")
    }
  }
  for (id, task) in state.tasks {
    require(task.dueDate == nil || task.dueAt == nil, "due date of task \(id)")
    require((task.status == .done) == (task.completedAt != nil), "completion of task \(id)")
    require((task.taskType == .recurring) == (task.recurrence != nil), "type of task \(id)")
  }
  return faults
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
