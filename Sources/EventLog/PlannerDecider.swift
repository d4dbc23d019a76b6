package import JSON
package import Planner
package import Scalars

/// The planner's domain as the log sees it. A person's first command also writes `PersonSeen` to the person's
/// own stream, in the same transaction.
package struct PlannerDecider: Decider {
  package static let category = "planner"
  package static let personCategory = "person"

  /// The names that a preference may have as its timezone.
  private let timezones: Set<String>
  /// What people's ids are derived from, beside their uid.
  private let authority: String

  package init(timezones: Set<String>, authority: String) {
    self.timezones = timezones
    self.authority = authority
  }

  package var initialState: PlannerState { PlannerState() }

  package func decide(_ command: Command, _ state: PlannerState, _ context: DecidingContext)
    throws(Rejection) -> [EventDraft]
  {
    try decide(command, state, Past(), context)
  }

  package func decide(
    _ command: Command, _ state: PlannerState, _ past: Past, _ context: DecidingContext
  ) throws(Rejection) -> [EventDraft] {
    let decisions = try Planner.decide(
      command, state,
      DecisionContext(
        now: context.now, ownerID: context.actor.personID, timezones: timezones, past: past))
    let drafts = decisions.map { decision in
      let event = decision.event
      var draft = EventDraft(stream: context.stream, type: event.type, data: event.data)
      draft.undoes = decision.undoes
      return draft
    }
    return state.version == 0 ? drafts + [personSeen(context.actor)] : drafts
  }

  package func pastNeeded(_ command: Command, _ state: PlannerState, _ past: Past) -> PastRequest? {
    Planner.pastNeeded(command, state, past).map {
      PastRequest(commands: $0.commands, entities: $0.entities)
    }
  }

  private func personSeen(_ actor: Actor) -> EventDraft {
    EventDraft(
      stream: StreamID(category: PlannerDecider.personCategory, id: actor.personID),
      type: "PersonSeen",
      data: [
        "personId": .string(actor.personID.description), "authority": .string(authority),
        "uid": .int(actor.uid),
      ])
  }

  package var storage: StateStorage<PlannerState>? {
    StateStorage(
      format: PlannerState.format, write: { $0.stored }, read: { PlannerState(stored: $0) },
      weight: { $0.weight })
  }

  package func evolve(_ state: inout PlannerState, type: String, data: JSON?, version: Int) {
    state.evolve(type: type, data: data, version: version)
  }
}

extension Past: StreamPast {
  package init(covering request: PastRequest, through version: Int) {
    self.init(
      covering: PastNeed(commands: request.commands, entities: request.entities), through: version)
  }

  package mutating func add(_ event: PastEvent) {
    add(
      version: event.version, type: event.type, data: event.data, commandID: event.commandID,
      command: event.command)
  }
}

extension SubmittedCommand where D == PlannerDecider {
  /// A command as it came over the wire; one that cannot be read keeps its reason, and its id.
  package init(_ json: JSON, id: UUID) {
    do throws(Rejection) {
      let command = try Command(json: json)
      self.init(
        id: command.id, name: command.name,
        bodyHash: Hashing.sha256(command.hashedBody.canonicalBytes),
        expectedVersion: command.expectedVersion, occurredAt: command.occurredAt,
        command: .success(command))
    } catch {
      self.init(
        id: id, name: "", bodyHash: Hashing.sha256(json.canonicalBytes), expectedVersion: nil,
        occurredAt: nil, command: .failure(error))
    }
  }
}
