internal import JSON

/// Holds values against types. Each check gives the path, from the value downwards, of the first that
/// fails: empty for the value itself, nil where all is well.
struct ParameterCheck {
  let types: [String: VarlinkType]
  let skipping: Set<String>

  func path(_ value: JSON, _ type: VarlinkType) -> String? {
    switch (type, value) {
    case (.nullable, .null), (.bool, .bool), (.int, .int), (.float, .int), (.float, .double),
      (.string, .string), (.object, .object):
      return nil
    case (.nullable(let type), _):
      return path(value, type)
    case (.named(let name), _) where skipping.contains(name):
      return nil
    case (.named(let name), _):
      guard let type = types[name] else { preconditionFailure("unresolved type \(name)") }
      return path(value, type)
    case (.array(let element), .array(let elements)):
      return path(elements, element)
    case (.map(let element), .object(let object)):
      return path(object, element)
    case (.enumeration(let cases), .string(let string)):
      return cases.contains { isSame($0, string) } ? nil : ""
    case (.structure(let fields), .object(let object)):
      return path(object, fields)
    default:
      return ""
    }
  }

  func path(_ object: JSONObject, _ fields: [VarlinkType.Field]) -> String? {
    var given = 0
    for member in object.members {
      guard let field = fields.first(where: { isSame($0.name, member.name) }) else {
        return member.name
      }
      if let inner = path(member.value, field.type) { return joined(member.name, inner) }
      given += 1
    }
    // A member occurs once, so that as many members as fields are all the fields.
    if given == fields.count { return nil }
    return fields.first { field in
      if case .nullable = field.type { return false }
      return !object.members.contains { isSame($0.name, field.name) }
    }?.name
  }

  private func path(_ elements: [JSON], _ type: VarlinkType) -> String? {
    for (index, element) in elements.enumerated() {
      if let inner = path(element, type) { return joined("[\(index)]", inner) }
    }
    return nil
  }

  private func path(_ map: JSONObject, _ type: VarlinkType) -> String? {
    for member in map.members {
      if let inner = path(member.value, type) { return joined(member.name, inner) }
    }
    return nil
  }

  private func joined(_ name: String, _ inner: String) -> String {
    inner.isEmpty || inner.utf8.first == UInt8(ascii: "[") ? name + inner : "\(name).\(inner)"
  }

  /// The same bytes: `==` holds canonically equivalent names for the same, and is slower.
  private func isSame(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }
}
