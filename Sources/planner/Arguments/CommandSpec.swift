/// What a value on the command line is: checked by the parser, shown by the help, offered by completions.
enum ValueKind: Sendable, Equatable {
  case text(String)
  case integer(String, ClosedRange<Int>)
  case choice([String])
  /// A date, an instant, or a time from now.
  case time(String)
  /// A moment of the past: a position of the log, or a time.
  case moment
  case file
  case pillar, theme, task
  case projection
  /// A view: the word of the command that shows it, or the name of its method.
  case view

  /// What stands for the value in usage lines.
  var placeholder: String {
    switch self {
    case .text(let name), .integer(let name, _), .time(let name): name
    case .choice(let choices): choices.joined(separator: "|")
    case .file: "FILE"
    case .pillar: "PILLAR"
    case .theme: "THEME"
    case .task: "TASK"
    case .projection: "NAME"
    case .moment: "MOMENT"
    case .view: "VIEW"
    }
  }
}

/// An option of a command, `--name` with a value or without.
struct OptionSpec: Sendable {
  let name: String
  let value: ValueKind?
  let repeats: Bool
  let help: String

  init(_ name: String, _ value: ValueKind, repeats: Bool = false, _ help: String) {
    self.name = name
    self.value = value
    self.repeats = repeats
    self.help = help
  }

  /// One without a value.
  init(_ name: String, _ help: String) {
    self.name = name
    value = nil
    repeats = false
    self.help = help
  }

  /// `--name VALUE`, as usage and help show it.
  var usage: String { value.map { "--\(name) \($0.placeholder)" } ?? "--\(name)" }
}

/// An argument that is told by its place.
struct PositionalSpec: Sendable {
  enum Count: Sendable { case one, optional, oneOrMore, any }

  let name: String
  let value: ValueKind
  let count: Count
  let help: String

  init(_ name: String, _ value: ValueKind, count: Count = .one, _ help: String) {
    self.name = name
    self.value = value
    self.count = count
    self.help = help
  }

  var usage: String {
    switch count {
    case .one: name
    case .optional: "[\(name)]"
    case .oneOrMore: "\(name)..."
    case .any: "[\(name)...]"
    }
  }
}

/// One command of the program: what it is called, what it takes, and what it does.
struct CommandSpec: Sendable {
  typealias Run = @Sendable (Invocation) throws(Failure) -> Void

  /// The words that name it, `["theme", "rate"]`.
  let path: [String]
  let summary: String
  let positionals: [PositionalSpec]
  let options: [OptionSpec]
  /// Paragraphs and examples at the end of its help.
  let details: String
  let hidden: Bool
  private let action: Run

  init(
    _ path: String, _ summary: String, positionals: [PositionalSpec] = [],
    options: [OptionSpec] = [], details: String = "", hidden: Bool = false, run: @escaping Run
  ) {
    self.path = path.split(separator: " ").map(String.init)
    self.summary = summary
    self.positionals = positionals
    self.options = options
    self.details = details
    self.hidden = hidden
    action = run
  }

  /// Does what the command does, as of the moment that it was asked about.
  func run(_ invocation: Invocation) throws(Failure) {
    if asksViews, let moment = try invocation.moment("at") {
      invocation.session.travel(to: moment)
    }
    try action(invocation)
  }

  /// Whether it shows a view, which can be asked about any moment.
  var asksViews: Bool { options.contains { $0.name == "at" && $0.value == .moment } }

  /// Whether it submits a command that can be rehearsed.
  var isChange: Bool { options.contains { $0.name == "expected-version" } }

  var name: String { path.joined(separator: " ") }
}

/// A command that was asked for, with all that it needs.
struct Invocation {
  let arguments: ParsedArguments
  let session: Session
  let terminal: Terminal
  /// What a command that lists a view is to show of it.
  var showing = Showing.rows
}
