/// A text that compares and hashes by its Unicode scalars, exactly. (Swift's own strings compare by
/// canonical equivalence: there `é` is one scalar and two at once.)
package struct Text: Hashable, Sendable {
  /// The text as Swift's own type.
  package let string: String

  package init(_ string: String) {
    self.string = string
  }

  /// The text without the white space at both ends.
  package init(trimming string: String) {
    let scalars = string.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else {
      self.string = ""
      return
    }
    self.string = String(scalars[first...last])
  }

  package var isEmpty: Bool { string.isEmpty }

  /// How many Unicode scalars it has.
  package var length: Int { string.unicodeScalars.count }

  package static func == (left: Text, right: Text) -> Bool {
    left.string.utf8.elementsEqual(right.string.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
    hasher.combine(UInt8.max)
  }
}
