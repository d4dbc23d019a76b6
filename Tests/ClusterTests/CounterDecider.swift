import EventLog
import JSON
import Scalars

/// The smallest domain that can refuse: a counter that may not go below zero. It greets each person once, in
/// a second stream, so that commands over two streams are tried too.
struct CounterDecider: Decider {
  enum Command: Sendable {
    case add(Int)
    case addGreeting(person: UUID)
    /// Data that jsonb refuses.
    case addUnstorable
  }

  enum Refusal: Error, Equatable { case belowZero }

  var initialState: Int { 0 }

  func decide(_ command: Command, _ state: Int, _ context: DecidingContext) throws(Refusal)
    -> [EventDraft]
  {
    switch command {
    case .add(let amount):
      guard state + amount >= 0 else { throw .belowZero }
      return [EventDraft(stream: context.stream, type: "Added", data: ["amount": .int(amount)])]
    case .addGreeting(let person):
      return [
        EventDraft(stream: context.stream, type: "Added", data: ["amount": 1]),
        EventDraft(
          stream: StreamID(category: "person", id: person), type: "Greeted", data: ["n": 1]),
      ]
    case .addUnstorable:
      return [
        EventDraft(stream: context.stream, type: "Added", data: ["amount": 1, "text": "\u{0}"])
      ]
    }
  }

  func evolve(_ state: inout Int, type: String, data: JSON?, version: Int) {
    if type == "Added", let amount = data?["amount"]?.int { state += amount }
  }
}
