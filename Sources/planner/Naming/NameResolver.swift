/// Finds the one thing that a text names.
enum NameResolver {
  /// Which of several tasks of one name is meant.
  enum Preference: Sendable { case unfinished, finished }

  /// The least length of the beginning of an id.
  static let leastPrefix = 4

  /// The thing of that id, else of that exact name, else with an id or a name that fits less exactly;
  /// nil where none does. Several that fit equally well are a failure that lists them.
  static func find(
    _ text: String, among things: [Thing], prefer: Preference = .unfinished
  ) throws(Failure) -> Thing? {
    for fits in stages(text) {
      let found = things.filter(fits)
      if found.count == 1 { return found[0] }
      if found.isEmpty { continue }
      let preferred = found.filter { $0.isDone == (prefer == .finished) }
      if found[0].kind == .task && preferred.count == 1 { return preferred[0] }
      throw ambiguous(text, found)
    }
    return nil
  }

  /// Whether a text could be (the beginning of) an id.
  static func looksLikeID(_ text: String) -> Bool {
    (leastPrefix...36).contains(text.utf8.count)
      && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit || $0 == 0x2D }
  }

  /// From the most exact to the least; the first one that anything fits decides.
  private static func stages(_ text: String) -> [(Thing) -> Bool] {
    let id = text.lowercased()
    let isID = looksLikeID(text)
    let folded = text.lowercased()
    return [
      { $0.id == id },
      { $0.name.utf8.elementsEqual(text.utf8) || $0.qualifiedName.utf8.elementsEqual(text.utf8) },
      { isID && $0.id.hasPrefix(id) },
      { $0.name.lowercased() == folded || $0.qualifiedName.lowercased() == folded },
      {
        !folded.isEmpty
          && ($0.name.lowercased().hasPrefix(folded)
            || $0.qualifiedName.lowercased().hasPrefix(folded))
      },
    ]
  }

  private static func ambiguous(_ text: String, _ found: [Thing]) -> Failure {
    let shown = found.prefix(10)
    let length = ShortID.length(found.map(\.id))
    var lines = shown.map { thing in
      let place = thing.place.map { "  (\($0))" } ?? ""
      let done = thing.isDone ? "  done" : ""
      return "  \(thing.id.prefix(length))  \(thing.name)\(place)\(done)"
    }
    if found.count > shown.count { lines.append("  and \(found.count - shown.count) more") }
    let kind = found[0].kind.rawValue
    return Failure(
      .ambiguous, "“\(text)” means \(found.count) \(kind)s:\n\(lines.joined(separator: "\n"))")
  }

  static func notFound(_ text: String, _ kind: Thing.Kind, known: [String]) -> Failure {
    Failure(
      .notFound,
      "no \(kind.rawValue) “\(text)”\(Suggestion.among(known, for: text)); "
        + "planner \(kind.rawValue)s lists them")
  }
}

/// Ids cut to what tells them apart.
enum ShortID {
  /// The least length, 8 or more, at which all of the ids differ.
  static func length(_ ids: [String]) -> Int {
    let sorted = ids.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    var least = 8
    for (one, next) in zip(sorted, sorted.dropFirst()) where one != next {
      least = max(least, zip(one, next).prefix { $0 == $1 }.count + 1)
    }
    return least
  }
}
