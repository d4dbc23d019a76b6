import JSON

/// Some fields of a record, as they were and as they became. The other fields of both are blank.
package struct Patch<R: Record>: Equatable, Sendable {
  let fields: FieldMask
  let before: R
  let after: R

  /// These fields of two records, whether or not they differ.
  init(from old: R, to new: R, fields: FieldMask) {
    var (before, after) = (R(), R())
    for (index, field) in R.schema.fields.enumerated()
    where fields.contains(FieldMask(index: index)) {
      field.copy(old, &before)
      field.copy(new, &after)
    }
    self.fields = fields
    self.before = before
    self.after = after
  }

  /// The fields in which two records differ; nil where there are none.
  init?(from old: R, to new: R) {
    let fields = R.schema.fields.enumerated().reduce(into: FieldMask()) { mask, field in
      if field.element.differs(old, new) { mask.insert(FieldMask(index: field.offset)) }
    }
    guard !fields.isEmpty else { return nil }
    self.init(from: old, to: new, fields: fields)
  }

  /// Reads `before` and `after` of an event's data; both must have the same fields, those asked for among
  /// them.
  init?(data: JSON, requiring required: FieldMask = []) {
    guard let old = data["before"], let new = data["after"] else { return nil }
    var (before, after) = (R(), R())
    guard let fields = FieldMask(reading: new, into: &after),
      FieldMask(reading: old, into: &before) == fields, fields.isSuperset(of: required)
    else { return nil }
    self.fields = fields
    self.before = before
    self.after = after
  }

  /// Sets the patch's fields to what they became.
  func apply(to record: inout R) {
    for (index, field) in R.schema.fields.enumerated()
    where fields.contains(FieldMask(index: index)) {
      field.copy(after, &record)
    }
  }
}
