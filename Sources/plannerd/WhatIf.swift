import EventLog
import EventLoop
import JSON
import Planner
import Projections
import Scalars
import Varlink

extension ViewsService {
  /// What decides the commands of a call's `whatIf`; nil where it has none.
  func whatIf(_ call: Call, _ caller: Caller) throws(ViewError) -> ViewRequest.WhatIf? {
    guard let commands = call.parameters["whatIf"]?.array else { return nil }
    guard commands.count <= PlannerService.maxCommands else {
      throw .invalid(
        parameter: "whatIf", rule: "tooMany",
        message: "whatIf must have at most \(PlannerService.maxCommands) commands")
    }
    let batch = CommandBatch(wouldBe: commands, of: caller, receivedAt: call.startedAt)
    let log = daemon.commands
    return { () async throws(ViewError) in
      let simulation: Simulation<PlannerDecider>
      do throws(LogFault) {
        simulation = try await log.simulate(batch)
      } catch {
        throw .unavailable(error.description)
      }
      for (index, outcome) in simulation.outcomes.enumerated() where !outcome.isAccepted {
        let answer = OutcomeAnswer(
          outcome, of: batch.commands[index], json: commands[index], among: commands.count)
        let field = answer.field.map { ".\($0)" } ?? ""
        throw .invalid(
          parameter: "whatIf[\(index)]\(field)", rule: answer.rule ?? "",
          message: answer.message ?? "")
      }
      return Hypothesis(simulation, on: batch.stream, by: batch.actor)
    }
  }
}

extension CommandBatch<PlannerDecider> {
  /// Commands as they came over the wire, that are only to be decided.
  fileprivate init(wouldBe commands: [JSON], of caller: Caller, receivedAt: ContinuousClock.Instant)
  {
    var generator = SystemRandomNumberGenerator()
    let submitted = commands.map { json in
      // Without an id that is one it is refused.
      let id = Command.identity(of: json).flatMap { UUID($0) }
      return SubmittedCommand<PlannerDecider>(
        json, id: id ?? UUID.version7(at: Clock.now(), using: &generator))
    }
    self.init(
      stream: StreamID(category: PlannerDecider.category, id: caller.planner), actor: caller.actor,
      commands: submitted, atomic: false, dryRun: false, receivedAt: receivedAt)
  }
}
