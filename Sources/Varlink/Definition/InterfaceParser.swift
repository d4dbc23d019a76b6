/// Reads the text of an interface definition, by recursive descent.
struct InterfaceParser {
  private(set) var name = ""
  private(set) var methods: [String: InterfaceDefinition.Method] = [:]
  private(set) var types: [String: VarlinkType] = [:]
  private(set) var errors: [String: [VarlinkType.Field]] = [:]

  private let bytes: [UInt8]
  private var index = 0
  private var depth = 0
  /// Where each type that is used was named first, to be resolved at the end.
  private var used: [String: Int] = [:]

  /// The deepest nesting of types.
  private static let maxDepth = 64

  init(_ text: String) {
    bytes = Array(text.utf8)
  }

  mutating func parse() throws(InterfaceSyntaxError) {
    guard word() == "interface" else { throw failure("expected 'interface'") }
    name = try interfaceName()
    while peek() != nil { try member() }
    for (type, offset) in used.sorted(by: { $0.value < $1.value }) where types[type] == nil {
      throw failure("the type '\(type)' is not defined", at: offset)
    }
  }

  // MARK: Members

  private mutating func member() throws(InterfaceSyntaxError) {
    let start = index
    switch word() {
    case "type":
      let name = try memberName()
      types[name] = try structureOrEnumeration()
    case "method":
      let name = try memberName()
      let input = try structure()
      guard take("->") else { throw failure("expected '->'") }
      let output = try structure()
      methods[name] = .init(name: name, input: input, output: output)
    case "error":
      let name = try memberName()
      errors[name] = try structure()
    default: throw failure("expected 'type', 'method' or 'error'", at: start)
    }
  }

  /// A new name of a type, method or error: they share one space of names.
  private mutating func memberName() throws(InterfaceSyntaxError) -> String {
    let start = index
    let name = word()
    guard let first = name.utf8.first, isUpper(first), !name.utf8.contains(UInt8(ascii: "_")) else {
      throw failure("expected a name that starts with a capital letter", at: start)
    }
    guard types[name] == nil, methods[name] == nil, errors[name] == nil else {
      throw failure("'\(name)' is defined twice", at: start)
    }
    return name
  }

  // MARK: Types

  private mutating func type(nullable: Bool = false) throws(InterfaceSyntaxError) -> VarlinkType {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maxDepth else { throw failure("nesting over \(Self.maxDepth)") }
    if take("?") {
      guard !nullable else { throw failure("'??'") }
      return .nullable(try type(nullable: true))
    }
    if take("[") {
      if take("]") { return .array(try type()) }
      guard word() == "string", take("]") else { throw failure("expected '[]' or '[string]'") }
      return .map(try type())
    }
    if peek() == UInt8(ascii: "(") { return try structureOrEnumeration() }
    return try simpleType()
  }

  private mutating func simpleType() throws(InterfaceSyntaxError) -> VarlinkType {
    _ = peek()
    let start = index
    let name = word()
    switch name {
    case "bool": return .bool
    case "int": return .int
    case "float": return .float
    case "string": return .string
    case "object": return .object
    default:
      guard let first = name.utf8.first, isUpper(first) else {
        throw failure("expected a type", at: start)
      }
      if used[name] == nil { used[name] = start }
      return .named(name)
    }
  }

  private mutating func structure() throws(InterfaceSyntaxError) -> [VarlinkType.Field] {
    let start = index
    guard case .structure(let fields) = try structureOrEnumeration() else {
      throw failure("expected fields with types", at: start)
    }
    return fields
  }

  /// `(name: type, …)` or `(name, …)`; the first says which. `()` is a structure.
  private mutating func structureOrEnumeration() throws(InterfaceSyntaxError) -> VarlinkType {
    guard take("(") else { throw failure("expected '('") }
    if take(")") { return .structure([]) }
    var names: Set<String> = []
    var cases: [String] = []
    var fields: [VarlinkType.Field] = []
    repeat {
      let name = try fieldName()
      guard names.insert(name).inserted else { throw failure("'\(name)' occurs twice") }
      let isField = names.count == 1 ? peek() == UInt8(ascii: ":") : cases.isEmpty
      if isField {
        guard take(":") else { throw failure("expected ':'") }
        fields.append(.init(name: name, type: try type()))
      } else {
        cases.append(name)
      }
    } while take(",")
    guard take(")") else { throw failure("expected ',' or ')'") }
    return cases.isEmpty ? .structure(fields) : .enumeration(cases)
  }

  /// `[A-Za-z](_?[A-Za-z0-9])*`
  private mutating func fieldName() throws(InterfaceSyntaxError) -> String {
    _ = peek()
    let start = index
    let name = word()
    guard let first = name.utf8.first, isLetter(first), name.utf8.last != UInt8(ascii: "_"),
      !zip(name.utf8, name.utf8.dropFirst()).contains(where: { $0 == 0x5F && $1 == 0x5F })
    else { throw failure("expected a field's name", at: start) }
    return name
  }

  // MARK: Tokens

  /// `[A-Za-z](-*[A-Za-z0-9])*(\.[A-Za-z0-9](-*[A-Za-z0-9])*)+`
  private mutating func interfaceName() throws(InterfaceSyntaxError) -> String {
    _ = peek()
    let start = index
    while index < bytes.count, isInterfaceNameByte(bytes[index]) { index += 1 }
    let name = String(decoding: bytes[start..<index], as: UTF8.self)
    let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let dash = UInt8(ascii: "-")
    guard labels.count >= 2, labels.allSatisfy({ $0.first ?? dash != dash && $0.last != dash }),
      let first = name.utf8.first, isLetter(first)
    else { throw failure("expected an interface's name", at: start) }
    return name
  }

  /// Letters, digits and underscores, after white space; empty where there are none.
  private mutating func word() -> String {
    guard peek() != nil else { return "" }
    let start = index
    while index < bytes.count, isWordByte(bytes[index]) { index += 1 }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private mutating func take(_ token: StaticString) -> Bool {
    guard peek() != nil else { return false }
    let token = Array(token.description.utf8)
    guard bytes[index...].starts(with: token) else { return false }
    index += token.count
    return true
  }

  /// The next byte after white space and comments; nil at the end.
  private mutating func peek() -> UInt8? {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      case UInt8(ascii: "#"):
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
      default: return bytes[index]
      }
    }
    return nil
  }

  private func failure(_ message: String, at offset: Int? = nil) -> InterfaceSyntaxError {
    let line = 1 + bytes[..<(offset ?? index)].count { $0 == 0x0A }
    return InterfaceSyntaxError(line: line, message: message)
  }
}

private func isUpper(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
}

private func isLetter(_ byte: UInt8) -> Bool { isUpper(byte & ~0x20) && byte >= 0x41 }

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func isWordByte(_ byte: UInt8) -> Bool {
  isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_")
}

private func isInterfaceNameByte(_ byte: UInt8) -> Bool {
  isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
}
