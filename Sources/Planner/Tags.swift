package import JSON

/// The tags of a task in the order given, each once.
package struct Tags: Equatable, Sendable {
  let list: [Text]

  package init(_ tags: [Text] = []) {
    var seen: Set<Text> = []
    list = tags.filter { seen.insert($0).inserted }
  }

  /// The Unicode scalars of all together.
  var length: Int { list.reduce(0) { $0 + $1.length } }
}

extension Tags: Stored {
  package var stored: JSON { list.isEmpty ? .null : .array(list.map(\.stored)) }

  package init?(stored: JSON) {
    switch stored {
    case .null: self.init()
    case .array(let elements):
      let tags = elements.compactMap { Text(stored: $0) }
      guard tags.count == elements.count else { return nil }
      self.init(tags)
    default: return nil
    }
  }
}
