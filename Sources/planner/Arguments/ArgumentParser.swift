/// What a command line asks for.
enum Request {
  case run(CommandSpec, ParsedArguments)
  /// Help about the commands whose names start with these words; none is the program itself.
  case help([String])
  case version
}

/// Reads a command line by the table of commands.
struct ArgumentParser {
  let commands: [CommandSpec]

  /// `words` are the arguments without the program's name.
  func parse(_ words: [String]) throws(Failure) -> Request {
    var parser = Line(words: words)
    let path = try parser.commandPath(commands)
    if parser.flags.contains("version") { return .version }
    guard let command = commands.first(where: { $0.path == path }) else {
      return try group(path, &parser)
    }
    try parser.readRest(of: command)
    if parser.flags.contains("help") { return .help(path) }
    try parser.finish(command)
    return .run(command, parser.parsed)
  }

  /// Words that name no command: a group of them, or nothing known.
  private func group(_ path: [String], _ parser: inout Line) throws(Failure) -> Request {
    if parser.flags.contains("help") || parser.words.contains("--help") { return .help(path) }
    if let next = parser.next, next.hasPrefix("-") {
      throw .usage("no option “\(next)” here; planner --help lists commands and options")
    }
    if let next = parser.next {
      let known = commands.filter { $0.path.starts(with: path) && $0.path.count > path.count }
        .map { $0.path[path.count] }
      let said = (path + [next]).joined(separator: " ")
      throw .usage("no command “\(said)”\(Suggestion.among(known, for: next))")
    }
    throw .usage(
      path.isEmpty
        ? "a command is missing; planner --help lists them"
        : "“\(path.joined(separator: " "))” needs one more word; "
          + "planner \(path.joined(separator: " ")) --help lists them")
  }
}

/// A line as it is read from left to right.
private struct Line {
  var words: [String]
  var index = 0
  var parsed = ParsedArguments()
  var flags: Set<String> = []
  private var optionsEnded = false

  init(words: [String]) { self.words = words }

  var next: String? { index < words.count ? words[index] : nil }

  /// Takes words as long as they name a command or the beginning of one, and global options between.
  mutating func commandPath(_ commands: [CommandSpec]) throws(Failure) -> [String] {
    var path: [String] = []
    while let word = next {
      if Line.isOption(word) {
        guard Line.isGlobal(word) else { return path }
        try takeOption(GlobalOptions.specs, nil)
      } else if commands.contains(where: { $0.path.starts(with: path + [word]) }) {
        path.append(word)
        index += 1
      } else {
        return path
      }
    }
    return path
  }

  mutating func readRest(of command: CommandSpec) throws(Failure) {
    var places = command.positionals[...]
    while let word = next {
      if !optionsEnded && word == "--" {
        optionsEnded = true
        index += 1
      } else if !optionsEnded && Line.isOption(word) {
        if flags.contains("help") { return }
        try takeOption(command.options + GlobalOptions.specs, command)
      } else {
        try takePositional(word, &places, command)
      }
    }
  }

  private mutating func takePositional(
    _ word: String, _ places: inout ArraySlice<PositionalSpec>, _ command: CommandSpec
  ) throws(Failure) {
    guard let place = places.first else {
      throw usage("unexpected “\(word)” (a text of several words goes in quotes)", command)
    }
    try check(word, place.value, place.name, command)
    parsed.add(word, to: place.name)
    if ![.oneOrMore, .any].contains(place.count) { places.removeFirst() }
    index += 1
  }

  /// The name that an option's word bears, and the value after an equals sign.
  private static func split(_ word: String) -> (name: String?, value: String?) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let value = parts.count == 2 ? String(parts[1]) : nil
    if parts[0] == "-h" { return ("help", value) }
    return (word.hasPrefix("--") ? String(parts[0].dropFirst(2)) : nil, value)
  }

  /// A dash alone is standard input, and one before a digit a time in the past.
  private static func isOption(_ word: String) -> Bool {
    guard word.hasPrefix("-"), let second = word.dropFirst().first else { return false }
    return !second.isNumber
  }

  private static func isGlobal(_ word: String) -> Bool {
    let name = split(word).name
    return GlobalOptions.specs.contains { $0.name == name }
  }

  /// Takes an option and its value.
  private mutating func takeOption(
    _ specs: [OptionSpec], _ command: CommandSpec?
  ) throws(Failure) {
    let word = words[index]
    let (name, inline) = Line.split(word)
    guard let name, let spec = specs.first(where: { $0.name == name }) else {
      let hint = Suggestion.among(specs.map { "--\($0.name)" }, for: word)
      throw usage("no option “\(word)”\(hint)", command)
    }
    index += 1
    guard let kind = spec.value else {
      guard inline == nil else { throw usage("--\(name) takes no value", command) }
      flags.insert(name)
      parsed.add("", to: name)
      return
    }
    try addValue(of: spec, kind, inline: inline, command)
  }

  private mutating func addValue(
    of spec: OptionSpec, _ kind: ValueKind, inline: String?, _ command: CommandSpec?
  ) throws(Failure) {
    guard let value = inline ?? next else {
      throw usage("--\(spec.name) needs a value: \(kind.placeholder)", command)
    }
    if inline == nil { index += 1 }
    if !spec.repeats && parsed.has(spec.name) {
      throw usage("--\(spec.name) is there twice", command)
    }
    try check(value, kind, "--\(spec.name)", command)
    parsed.add(value, to: spec.name)
  }

  private func check(
    _ value: String, _ kind: ValueKind, _ name: String, _ command: CommandSpec?
  ) throws(Failure) {
    switch kind {
    case .integer(_, let range):
      guard let number = Int(value), range.contains(number) else {
        let bounds =
          range.upperBound == Int.max
          ? "from \(range.lowerBound) on" : "from \(range.lowerBound) to \(range.upperBound)"
        throw usage("\(name) is a whole number \(bounds), not “\(value)”", command)
      }
    case .choice(let choices) where !choices.contains(value):
      let hint = Suggestion.among(choices, for: value)
      throw usage(
        "\(name) is one of \(choices.joined(separator: ", ")), not “\(value)”\(hint)", command)
    default: break
    }
  }

  func finish(_ command: CommandSpec) throws(Failure) {
    for place in command.positionals
    where [.one, .oneOrMore].contains(place.count) && !parsed.has(place.name) {
      throw usage("\(place.name) is missing", command)
    }
  }

  private func usage(_ message: String, _ command: CommandSpec?) -> Failure {
    guard let command else { return .usage(message) }
    return .usage("\(message)\n\(HelpText.usageLine(command))")
  }
}
