package import JSON
package import Scalars

/// A value as the data of events holds it. An empty one is null; what cannot be empty does not read null.
package protocol Stored: Equatable, Sendable {
  var stored: JSON { get }
  init?(stored: JSON)
}

extension Optional: Stored where Wrapped: Stored {
  package var stored: JSON { self?.stored ?? .null }

  package init?(stored: JSON) {
    if stored.isNull {
      self = .none
    } else {
      guard let value = Wrapped(stored: stored) else { return nil }
      self = .some(value)
    }
  }
}

extension Int: Stored {
  package var stored: JSON { .int(self) }

  package init?(stored: JSON) {
    guard case .int(let value) = stored else { return nil }
    self = value
  }
}

extension Bool: Stored {
  package var stored: JSON { .bool(self) }

  package init?(stored: JSON) {
    guard case .bool(let value) = stored else { return nil }
    self = value
  }
}

extension Text: Stored {
  package var stored: JSON { .string(string) }

  package init?(stored: JSON) {
    guard case .string(let value) = stored else { return nil }
    self.init(value)
  }
}

extension Stored where Self: Choice {
  package var stored: JSON { .string(rawValue) }

  package init?(stored: JSON) {
    guard case .string(let value) = stored else { return nil }
    self.init(rawValue: value)
  }
}

extension Stored where Self: EntityID {
  package var stored: JSON { .string(uuid.description) }

  package init?(stored: JSON) {
    guard case .string(let value) = stored, let uuid = UUID(value) else { return nil }
    self.init(uuid)
  }
}

extension PillarID: Stored {}
extension ThemeID: Stored {}
extension TaskID: Stored {}

extension CalendarDate: Stored {
  package var stored: JSON { .string(description) }

  package init?(stored: JSON) {
    guard case .string(let value) = stored else { return nil }
    self.init(value)
  }
}

extension Instant: Stored {
  package var stored: JSON { .string(description) }

  package init?(stored: JSON) {
    guard case .string(let value) = stored else { return nil }
    self.init(value)
  }
}

extension TimeOfDay: Stored {
  package var stored: JSON { .string(description) }

  package init?(stored: JSON) {
    guard case .string(let value) = stored else { return nil }
    self.init(value)
  }
}
