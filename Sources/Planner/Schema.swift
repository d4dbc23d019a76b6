import JSON

/// The fields of one kind of thing: each a typed value in Swift and a named member in an event's data.
package protocol Record: Equatable, Sendable {
  /// A record whose fields are all empty, zero or their default.
  init()
  static var schema: Schema<Self> { get }
}

/// Some of a schema's fields, by their index in it.
package struct FieldMask: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  init(index: Int) {
    rawValue = 1 << UInt32(index)
  }
}

/// The fields of a record, in the order in which they are written.
package struct Schema<R>: Sendable {
  let fields: [StoredField<R>]
  /// The fields that are never empty.
  let required: FieldMask

  init(_ fields: StoredField<R>...) {
    precondition(fields.count <= 32)
    self.fields = fields
    required = fields.indices
      .filter { fields[$0].isRequired }
      .reduce(into: []) { $0.insert(FieldMask(index: $1)) }
  }

  func index(of name: String) -> Int? {
    fields.firstIndex { $0.name == name }
  }

  /// The fields of these names, which must exist.
  func mask(_ names: String...) -> FieldMask {
    names.reduce(into: []) { mask, name in
      guard let index = index(of: name) else { preconditionFailure("no field \(name)") }
      mask.insert(FieldMask(index: index))
    }
  }
}

/// One field of a record: its name in storage, and how to read, write, copy and compare it.
package struct StoredField<R>: Sendable {
  let name: String
  let isRequired: Bool
  let read: @Sendable (R) -> JSON
  /// Sets the field from its stored form; false where that does not fit.
  let write: @Sendable (JSON, inout R) -> Bool
  let copy: @Sendable (R, inout R) -> Void
  let differs: @Sendable (R, R) -> Bool

  init<Value: Stored>(_ name: String, _ path: any WritableKeyPath<R, Value> & Sendable) {
    let place = Place(path)
    self.name = name
    isRequired = Value(stored: .null) == nil
    read = { place.value(in: $0).stored }
    write = { json, record in
      guard let value = Value(stored: json) else { return false }
      place.set(value, in: &record)
      return true
    }
    copy = { source, target in place.set(place.value(in: source), in: &target) }
    differs = { place.value(in: $0) != place.value(in: $1) }
  }
}

/// Where a stored property is in a record. A key path itself looks types up at each access, 500 instructions.
private struct Place<R, Value>: Sendable {
  private let offset: Int

  init(_ path: WritableKeyPath<R, Value>) {
    guard let offset = MemoryLayout<R>.offset(of: path) else {
      preconditionFailure("\(path) is no stored property")
    }
    self.offset = offset
  }

  func value(in record: R) -> Value {
    withUnsafePointer(to: record) {
      UnsafeRawPointer($0).load(fromByteOffset: offset, as: Value.self)
    }
  }

  func set(_ value: Value, in record: inout R) {
    withUnsafeMutablePointer(to: &record) {
      (UnsafeMutableRawPointer($0) + offset).assumingMemoryBound(to: Value.self).pointee = value
    }
  }
}

extension Record {
  /// All fields that are not empty.
  var members: JSON {
    var members: [JSONObject.Member] = []
    for field in Self.schema.fields {
      let value = field.read(self)
      if !value.isNull { members.append(.init(name: field.name, value: value)) }
    }
    return .object(JSONObject(unique: members))
  }

  /// The fields of a mask, empty ones as null.
  func members(_ mask: FieldMask) -> JSON {
    var members: [JSONObject.Member] = []
    for (index, field) in Self.schema.fields.enumerated()
    where mask.contains(FieldMask(index: index)) {
      members.append(.init(name: field.name, value: field.read(self)))
    }
    return .object(JSONObject(unique: members))
  }

  /// Reads what `members` wrote. Members that the schema does not know are passed over. Nil where a value
  /// does not fit or a required field is missing.
  init?(members: JSON) {
    var record = Self()
    guard let mask = FieldMask(reading: members, into: &record),
      mask.isSuperset(of: Self.schema.required)
    else { return nil }
    self = record
  }
}

extension FieldMask {
  /// Sets a record, blank but for them, from stored members; the mask says which there were.
  init?<R: Record>(reading members: JSON, into record: inout R) {
    record = R()
    self = []
    guard case .object(let object) = members else { return nil }
    for member in object.members {
      guard let index = R.schema.index(of: member.name) else { continue }
      guard R.schema.fields[index].write(member.value, &record) else { return nil }
      insert(FieldMask(index: index))
    }
  }
}
