/// The options that every command takes, anywhere on the line.
struct GlobalOptions: Sendable, Equatable {
  var socket: String?
  var planner: String?
  var json = false
  var atLeast: Int?

  static let specs: [OptionSpec] = [
    OptionSpec("socket", .file, "The daemon's socket"),
    OptionSpec("planner", .text("ID"), "Someone else's planner that is shared with you"),
    OptionSpec("json", "Print what the socket gave, one line per reply"),
    OptionSpec(
      "at-least", .integer("POSITION", 0...Int.max), "Answer only once this position is visible"),
    OptionSpec("help", "Show help"),
    OptionSpec("version", "Show the version"),
  ]

  init() {}

  init(_ arguments: ParsedArguments) {
    socket = arguments["socket"]
    planner = arguments["planner"]
    json = arguments.has("json")
    atLeast = arguments.integer("at-least")
  }
}
