package import Scalars

/// An event that is decided on, and the command that it takes back, if any.
package struct Decision: Sendable, Equatable {
  package let event: PlannerEvent
  /// Of a redo the undo that is taken back.
  package let undoes: UUID?

  init(_ event: PlannerEvent, undoes: UUID? = nil) {
    self.event = event
    self.undoes = undoes
  }
}
