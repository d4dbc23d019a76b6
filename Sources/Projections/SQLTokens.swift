/// SQL as words, literals and marks, without comments and quoted names.
struct SQLTokens {
  struct Token {
    enum Kind { case word, literal, mark }

    let kind: Kind
    /// In lower case; of a literal what is between its quotes.
    let text: String
    /// From 1.
    let line: Int
    /// Where it stands, in Unicode scalars.
    let start: Int
    let end: Int
  }

  private(set) var all: [Token] = []
  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var line = 1

  init(_ sql: String) {
    scalars = Array(sql.unicodeScalars)
    while let scalar = peek() {
      if starts("--") {
        while let next = peek(), next != "\n" { take() }
      } else if starts("/*") {
        skipComment()
      } else if scalar == "'" || scalar == "\"" {
        quoted(scalar)
      } else if isPartOfWord(scalar) {
        word()
      } else {
        let (start, begin) = (index, line)
        take()
        if !scalar.properties.isWhitespace { add(.mark, String(scalar), begin, start) }
      }
    }
  }

  private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
    index + offset < scalars.count ? scalars[index + offset] : nil
  }

  private func starts(_ pair: String) -> Bool {
    let marks = Array(pair.unicodeScalars)
    return peek() == marks[0] && peek(1) == marks[1]
  }

  private func isPartOfWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
  }

  private mutating func take() {
    if scalars[index] == "\n" { line += 1 }
    index += 1
  }

  /// Adds what has just been taken.
  private mutating func add(_ kind: Token.Kind, _ text: String, _ line: Int, _ start: Int) {
    all.append(Token(kind: kind, text: text.lowercased(), line: line, start: start, end: index))
  }

  /// Comments of this kind nest.
  private mutating func skipComment() {
    var depth = 0
    repeat {
      if starts("/*") {
        depth += 1
        take()
      } else if starts("*/") {
        depth -= 1
        take()
      }
      take()
    } while depth > 0 && peek() != nil
  }

  private mutating func word() {
    let start = index
    var text = String.UnicodeScalarView()
    while let scalar = peek(), isPartOfWord(scalar) {
      text.append(scalar)
      take()
    }
    add(.word, String(text), line, start)
  }

  /// A doubled quote stands for itself, as does one after a backslash in `E'…'`.
  private mutating func quoted(_ quote: Unicode.Scalar) {
    let begin = line
    let start = index
    let hasEscapes =
      quote == "'" && all.last?.text == "e" && "eE".unicodeScalars.contains(scalars[index - 1])
    var text = String.UnicodeScalarView()
    take()
    while let scalar = peek() {
      if scalar == quote {
        if peek(1) != quote { break }
        take()
      } else if scalar == "\\" && hasEscapes && peek(1) != nil {
        take()
      }
      text.append(scalars[index])
      take()
    }
    if peek() != nil { take() }
    if quote == "'" { add(.literal, String(text), begin, start) }
  }
}
