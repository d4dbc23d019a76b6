package import Scalars

/// The domain says no.
package struct Rejection: Error, Equatable {
  /// The rule that says it.
  package let rule: Rule
  /// The field, by its path in the command: `createTask.title`.
  package let field: String?
  /// What the field must keep to, where that can be said: `256`, `0 to 100`, `H, M, L`.
  package let limit: String?
  /// A sentence for a person, which names field and limit.
  package let message: String
  /// The later commands that were built on what is to be undone, the oldest first.
  package let dependents: [UUID]

  package init(
    _ rule: Rule, field: String? = nil, limit: String? = nil, _ message: String,
    dependents: [UUID] = []
  ) {
    self.rule = rule
    self.field = field
    self.limit = limit
    self.message = message
    self.dependents = dependents
  }
}

extension Rejection {
  /// A number that must lie within a range.
  static func outOfRange(_ rule: Rule, _ field: String, _ value: Int, _ range: ClosedRange<Int>)
    -> Rejection
  {
    let limit = "\(range.lowerBound) to \(range.upperBound)"
    return Rejection(
      rule, field: field, limit: limit, "\(field) is \(value); it must be \(limit).")
  }

  /// A text, or several together, with too many Unicode scalars.
  static func tooLong(_ rule: Rule, _ field: String, _ length: Int, _ most: Int) -> Rejection {
    Rejection(
      rule, field: field, limit: String(most),
      "\(field) has \(length) characters; at most \(most) are allowed.")
  }

  /// A value that is none of those allowed.
  static func notOneOf(_ rule: Rule, _ field: String, _ choices: [String]) -> Rejection {
    let limit = choices.joined(separator: ", ")
    return Rejection(rule, field: field, limit: limit, "\(field) must be one of \(limit).")
  }

  /// A value that is not written in the form asked for.
  static func malformed(_ rule: Rule, _ field: String, _ form: String) -> Rejection {
    Rejection(rule, field: field, limit: form, "\(field) must be \(form).")
  }
}

extension String {
  /// At most 100 Unicode scalars of it, so that a rejection is no longer for a long value.
  var clipped: String {
    let scalars = unicodeScalars.prefix(101)
    return scalars.count <= 100 ? self : String(scalars.prefix(99)) + "…"
  }
}
