/// Commands in one text, as a shell would part them: by semicolons and ends of lines, words by spaces; quotes and
/// backslashes keep characters together.
struct ShellWords {
  private(set) var commands: [[String]] = []
  private var words: [String] = []
  private var word: String?

  /// Nil where a quote is not closed.
  static func commands(_ text: String) -> [[String]]? {
    var reader = ShellWords()
    var quote: Character?
    var isEscaped = false
    for character in text {
      if isEscaped {
        reader.take(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { reader.take(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        // Quotes with nothing between them are a word too.
        reader.word = reader.word ?? ""
      } else {
        reader.part(character)
      }
    }
    reader.endCommand()
    return quote == nil && !isEscaped ? reader.commands : nil
  }

  private mutating func take(_ character: Character) {
    word = (word ?? "") + String(character)
  }

  private mutating func part(_ character: Character) {
    if character == ";" || character.isNewline {
      endCommand()
    } else if character.isWhitespace {
      endWord()
    } else {
      take(character)
    }
  }

  private mutating func endWord() {
    if let word { words.append(word) }
    word = nil
  }

  private mutating func endCommand() {
    endWord()
    if !words.isEmpty { commands.append(words) }
    words = []
  }
}
