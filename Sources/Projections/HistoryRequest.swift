package import EventLoop
package import JSON
package import Scalars

/// A question about what made a view's rows what they are, or what became of them.
package struct HistoryRequest: Sendable {
  /// The view's.
  package let method: String
  /// Whose rows; nil for a view over all streams.
  package let scope: UUID?
  /// The wire's parameters of the call, of the right types.
  package let parameters: JSONObject
  /// The instant at which it is asked.
  package let now: Instant
  /// Decides the commands of a what-if on the log as it is; nil where there is none.
  package let whatIf: ViewRequest.WhatIf?
  /// Fires when nobody waits for the answer any more.
  package let abandoned: Signal?

  package init(
    method: String, scope: UUID?, parameters: JSONObject, now: Instant,
    whatIf: ViewRequest.WhatIf? = nil, abandoned: Signal? = nil
  ) {
    self.method = method
    self.scope = scope
    self.parameters = parameters
    self.now = now
    self.whatIf = whatIf
    self.abandoned = abandoned
  }

  func limit(default standard: Int, most: Int) throws(ViewError) -> Int {
    guard let limit = parameters["limit"]?.int else { return standard }
    guard (1...most).contains(limit) else {
      throw .invalid(
        parameter: "limit", rule: "outOfRange", message: "limit must be 1 to \(most)")
    }
    return limit
  }
}

extension QueryParameter {
  /// Whether a value has the JSON type of the parameter.
  func accepts(_ value: JSON) -> Bool {
    switch (type, value) {
    case (_, .null): isOptional
    case (.uuid, .string), (.text, .string), (.date, .string), (.timestamptz, .string),
      (.bigint, .int), (.boolean, .bool), (.numeric, .int), (.numeric, .double), (.jsonb, _):
      true
    case (.texts, .array(let values)): values.allSatisfy { $0.string != nil }
    default: false
    }
  }
}
