import JSON
import Scalars

/// Reads the typed fields of one object of a command, and says no with the field's path. An absent member
/// and a null one are the same.
struct FieldReader {
  /// The fields that `clear` names.
  private(set) var cleared: Set<String> = []
  private let object: JSONObject
  private let path: String?

  /// An object that has none but these fields.
  init(_ json: JSON, path: String?, fields: [String]) throws(Rejection) {
    self.path = path
    guard case .object(let object) = json else {
      let what = path ?? "The command"
      throw Rejection(.wrongType, field: path, limit: "object", "\(what) must be an object.")
    }
    self.object = object
    for member in object.members where member.value != .null && !fields.contains(member.name) {
      throw unknown(member.name, field(member.name))
    }
  }

  /// An object that has none but these fields, of which `clear` may empty some.
  init(
    _ json: JSON, path: String, fields: [String], clearable: [String]
  ) throws(Rejection) {
    try self.init(json, path: path, fields: fields + ["clear"])
    for name in try strings("clear") ?? [] {
      guard fields.contains(name) else { throw unknown(name, field("clear")) }
      guard clearable.contains(name) else {
        throw Rejection(
          .cannotBeEmpty, field: field("clear"),
          "\(field("clear")) names \(name), which always has a value.")
      }
      guard !has(name) else {
        throw Rejection(
          .clearedAndGiven, field: field("clear"),
          "\(field("clear")) names \(name), which is also given.")
      }
      cleared.insert(name)
    }
  }

  /// The path of a field in the command.
  func field(_ name: String) -> String {
    path.map { "\($0).\(name)" } ?? name
  }

  func has(_ name: String) -> Bool { value(name) != nil }

  /// The names of the fields that there are.
  var given: [String] { object.members.filter { $0.value != .null }.map(\.name) }

  func required(_ name: String) throws(Rejection) -> JSON {
    guard let value = value(name) else {
      throw Rejection(.missingField, field: field(name), "\(field(name)) is missing.")
    }
    return value
  }

  private func value(_ name: String) -> JSON? {
    guard let value = object[name], value != .null else { return nil }
    return value
  }

  private func unknown(_ name: String, _ field: String) -> Rejection {
    let owner = path ?? "A command"
    return Rejection(
      .unknownField, field: field.clipped,
      "\(field.clipped): \(owner) has no field \(name.clipped).")
  }

  // MARK: JSON types

  private func typed<Value>(
    _ name: String, _ type: String, _ read: (JSON) -> Value?
  ) throws(Rejection) -> Value? {
    guard let value = value(name) else { return nil }
    guard let typed = read(value) else {
      throw Rejection(
        .wrongType, field: field(name), limit: type, "\(field(name)) must be of the type \(type).")
    }
    return typed
  }

  func string(_ name: String) throws(Rejection) -> String? { try typed(name, "string", \.string) }

  func int(_ name: String) throws(Rejection) -> Int? { try typed(name, "int", \.int) }

  func bool(_ name: String) throws(Rejection) -> Bool? { try typed(name, "bool", \.bool) }

  func object(_ name: String) throws(Rejection) -> JSONObject? {
    try typed(name, "object", \.object)
  }

  func strings(_ name: String) throws(Rejection) -> [String]? {
    try typed(name, "[]string") { json in
      guard let elements = json.array else { return nil }
      let strings = elements.compactMap(\.string)
      return strings.count == elements.count ? strings : nil
    }
  }

  // MARK: Values of the domain

  /// A value that a text is read into.
  func parsed<Value>(
    _ name: String, _ rule: Rule, _ form: String, _ read: (String) -> Value?
  ) throws(Rejection) -> Value? {
    guard let string = try string(name) else { return nil }
    guard let value = read(string) else { throw .malformed(rule, field(name), form) }
    return value
  }

  func uuid(_ name: String) throws(Rejection) -> UUID {
    _ = try required(name)
    return try optionalUUID(name)!
  }

  private func optionalUUID(_ name: String) throws(Rejection) -> UUID? {
    try parsed(name, .invalidID, "a UUID") { UUID($0) }
  }

  /// The id of the thing that the command is about.
  func id<ID: EntityID>() throws(Rejection) -> ID {
    ID(try uuid(ID.member))
  }

  func optionalID<ID: EntityID>(_ name: String) throws(Rejection) -> ID? {
    try optionalUUID(name).map { ID($0) }
  }

  func choice<Value: Choice>(_ name: String, _ rule: Rule) throws(Rejection) -> Value? {
    guard let string = try string(name) else { return nil }
    guard let value = Value(rawValue: string) else {
      throw .notOneOf(rule, field(name), Value.names)
    }
    return value
  }

  func int(
    _ name: String, in range: ClosedRange<Int>, _ rule: Rule
  ) throws(Rejection) -> Int? {
    guard let value = try int(name) else { return nil }
    guard range.contains(value) else { throw .outOfRange(rule, field(name), value, range) }
    return value
  }

  func date(_ name: String) throws(Rejection) -> CalendarDate? {
    try parsed(name, .invalidDate, "a day written YYYY-MM-DD") { CalendarDate($0) }
  }

  /// An instant whose day in UTC is one that can be written.
  func instant(_ name: String) throws(Rejection) -> Instant? {
    try parsed(name, .invalidInstant, "an RFC 3339 instant in the years 1 to 9999") { string in
      Instant(string).flatMap { (1...9999).contains($0.date.civil.year) ? $0 : nil }
    }
  }

  /// A text that may be empty, trimmed.
  func text(
    _ name: String, atMost most: Int, _ tooLong: Rule
  ) throws(Rejection) -> Text? {
    guard let text = try string(name).map({ Text(trimming: $0) }) else { return nil }
    guard text.length <= most else { throw .tooLong(tooLong, field(name), text.length, most) }
    return text
  }

  /// A text that may not be empty, trimmed.
  func text(
    _ name: String, atMost most: Int, _ tooLong: Rule, empty: Rule
  ) throws(Rejection) -> Text? {
    guard let text = try text(name, atMost: most, tooLong) else { return nil }
    guard !text.isEmpty else {
      throw Rejection(empty, field: field(name), limit: "1", "\(field(name)) must not be empty.")
    }
    return text
  }

  // MARK: Changes

  /// What becomes of a field that may be emptied: it is if `clear` names it or what is given is empty.
  func edit<Value>(
    _ name: String, _ given: Value?, isEmpty: (Value) -> Bool = { _ in false }
  ) -> Edit<Value> {
    guard let given else { return cleared.contains(name) ? .clear : .keep }
    return isEmpty(given) ? .clear : .set(given)
  }
}

/// What becomes of a field that may be emptied.
package enum Edit<Value: Sendable>: Sendable {
  case keep
  case clear
  case set(Value)

  /// The value after it, where the value was `current` and an empty one is `empty`.
  func applied<Field>(
    to current: Field, empty: Field, _ make: (Value) -> Field
  ) -> Field {
    switch self {
    case .keep: current
    case .clear: empty
    case .set(let value): make(value)
    }
  }

  func applied(to current: Value?) -> Value? {
    applied(to: current, empty: nil) { $0 }
  }

  func applied(to current: Value, default empty: Value) -> Value {
    applied(to: current, empty: empty) { $0 }
  }

  var isSet: Bool {
    if case .set = self { true } else { false }
  }
}

extension Edit: Equatable where Value: Equatable {}
