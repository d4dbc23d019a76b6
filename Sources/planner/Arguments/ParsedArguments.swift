/// The values of a command line, by the names of options and positionals.
struct ParsedArguments: Sendable, Equatable {
  private(set) var values: [String: [String]] = [:]

  mutating func add(_ value: String, to name: String) {
    values[name, default: []].append(value)
  }

  /// The value of an option or a positional, nil where it is absent.
  subscript(name: String) -> String? { values[name]?.last }

  /// All values of one that repeats.
  func all(_ name: String) -> [String] { values[name] ?? [] }

  /// Whether it was given at all.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// A number; the parser has checked that it is one.
  func integer(_ name: String) -> Int? { self[name].flatMap { Int($0) } }
}
