import JSON
import Scalars

/// A moment of the past as a person types it: a position of the log (`1234`, `#1234`), or a time.
enum Moment: Equatable, Sendable {
  case position(Int)
  case instant(Instant)

  /// A day means its beginning, and a weekday the last one.
  init?(_ text: String, _ clock: Clock) {
    let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
    if !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      guard let position = Int(digits) else { return nil }
      self = .position(position)
    } else if let when = When(text, clock, .back) {
      self = .instant(when.instant)
    } else {
      return nil
    }
  }

  /// As the views' interface has it.
  var json: JSON {
    switch self {
    case .position(let position): ["position": .int(position)]
    case .instant(let instant): ["instant": .string(instant.description)]
    }
  }
}
