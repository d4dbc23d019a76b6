/// A JSON value (RFC 8259). Objects keep the order of their members.
package enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// An integer that was written without fraction or exponent and fits 64 bits.
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

/// The members of a JSON object, in the order in which they came; a name occurs once.
package struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  package struct Member: Sendable, Equatable {
    package let name: String
    package var value: JSON

    package init(name: String, value: JSON) {
      self.name = name
      self.value = value
    }

    /// Names are compared by their scalars; Swift's `==` also holds different spellings of an accent for the same.
    func isNamed(_ other: String) -> Bool {
      let (own, others) = (name.utf8.span, other.utf8.span)
      guard own.count == others.count else { return false }
      for index in own.indices where own[index] != others[index] { return false }
      return true
    }
  }

  package private(set) var members: [Member]

  package init(dictionaryLiteral elements: (String, JSON)...) {
    self.init(literal: elements)
  }

  fileprivate init(literal elements: [(String, JSON)]) {
    members = elements.map { Member(name: $0, value: $1) }
    assert(Set(members.map(\.name)).count == members.count, "a name occurs once")
  }

  /// Members whose names the caller knows to differ.
  package init(unique members: [Member]) {
    self.members = members
  }

  package var isEmpty: Bool { members.isEmpty }
  package var count: Int { members.count }

  /// The value of a member, nil where there is none. Setting nil removes it.
  package subscript(name: String) -> JSON? {
    get { members.first { $0.isNamed(name) }?.value }
    set {
      let index = members.firstIndex { $0.isNamed(name) }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(name: name, value: value))
      case (nil, nil): break
      }
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .int(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(nilLiteral: ()) { self = .null }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(literal: elements))
  }
}

extension JSON {
  package var isNull: Bool { if case .null = self { true } else { false } }

  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var int: Int? {
    if case .int(let value) = self { value } else { nil }
  }

  /// The number, whole or not.
  package var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  package var array: [JSON]? {
    if case .array(let value) = self { value } else { nil }
  }

  package var object: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The member of an object; nil for any other value and where there is none or a null one.
  package subscript(name: String) -> JSON? {
    guard let value = object?[name], !value.isNull else { return nil }
    return value
  }

  /// The element of an array; nil for any other value and out of range.
  package subscript(index: Int) -> JSON? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }
}
