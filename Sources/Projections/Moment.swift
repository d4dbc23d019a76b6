package import JSON
package import Scalars

/// What a question about the past names: a position of the log, or an instant.
package enum Moment: Sendable, Equatable {
  case position(Int)
  case instant(Instant)

  /// Reads `AsOf`, the value of a parameter: nil where it is absent. `now` is the latest instant there is.
  package init?(_ json: JSON?, parameter: String, now: Instant) throws(ViewError) {
    guard let json, json != .null else { return nil }
    func invalid(_ field: String, _ rule: String, _ message: String) -> ViewError {
      let path = field.isEmpty ? parameter : "\(parameter).\(field)"
      return .invalid(parameter: path, rule: rule, message: "\(path) must \(message)")
    }
    let position = json["position"].flatMap { $0 == .null ? nil : $0 }
    let text = json["instant"].flatMap { $0 == .null ? nil : $0.string }
    switch (position, text) {
    case (nil, nil), (.some, .some):
      throw invalid("", "exactlyOne", "have either a position or an instant")
    case (let position?, nil):
      guard let number = position.int, number >= 0 else {
        throw invalid("position", "outOfRange", "be 0 or more")
      }
      self = .position(number)
    case (nil, let text?):
      guard let instant = Instant(text) else {
        throw invalid("instant", "invalidInstant", "be an RFC 3339 instant")
      }
      guard instant <= now else { throw invalid("instant", "inTheFuture", "not be after now") }
      self = .instant(instant)
    }
  }
}
