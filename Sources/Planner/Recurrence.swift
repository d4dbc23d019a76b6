package import JSON

/// When a task comes again: an RRULE as it was given, and three independent switches.
package struct Recurrence: Equatable, Sendable {
  var rule: Text
  var anchor = RecurrenceAnchor.due
  var catchUp = RecurrenceCatchUp.next
  var gate = RecurrenceGate.schedule
}

extension Recurrence: Stored {
  package var stored: JSON {
    [
      "rule": rule.stored, "anchor": anchor.stored, "catchUp": catchUp.stored, "gate": gate.stored,
    ]
  }

  package init?(stored: JSON) {
    guard let rule = Text(stored: stored["rule"] ?? .null),
      let anchor = RecurrenceAnchor(stored: stored["anchor"] ?? .null),
      let catchUp = RecurrenceCatchUp(stored: stored["catchUp"] ?? .null),
      let gate = RecurrenceGate(stored: stored["gate"] ?? .null)
    else { return nil }
    self.init(rule: rule, anchor: anchor, catchUp: catchUp, gate: gate)
  }
}
