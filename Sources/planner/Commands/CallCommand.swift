import Glibc
import JSON

/// `planner call`: any method of any interface.
enum CallCommand {
  static let specs: [CommandSpec] = [
    CommandSpec(
      "call", "Call a method of the socket by its full name",
      positionals: [
        PositionalSpec("METHOD", .text("METHOD"), "Such as org.plannerd.views.Best"),
        PositionalSpec(
          "JSON", .text("JSON"), count: .optional, "Its parameters, {} if absent; - reads them"),
      ],
      options: [OptionSpec("more", "Ask for a stream, and print each reply")],
      details: """
        Prints the parameters of each reply, one line each.
        Example:
          planner call org.plannerd.views.RatingHistory '{"limit": 3}'
        """, run: run)
  ]

  @Sendable static func run(_ invocation: Invocation) throws(Failure) {
    let method = invocation.required("METHOD")
    guard method.contains(".") else {
      throw .usage("METHOD is a full name, such as org.plannerd.planner.Ping")
    }
    let parameters = try parameters(invocation.arguments["JSON"] ?? "{}")
    let terminal = invocation.terminal
    guard invocation.arguments.has("more") else {
      return terminal.print(try invocation.session.callOnce(method, parameters).text)
    }
    invocation.session.catchInterruption()
    try invocation.session.streamOnce(method, parameters) { reply in
      terminal.print(reply.text)
      terminal.flush()
      return true
    }
  }

  private static func parameters(_ text: String) throws(Failure) -> JSON {
    var text = text
    if text == "-" {
      var reader = LineReader(descriptor: 0)
      var lines: [String] = []
      while let line = reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
      text = lines.joined(separator: "\n")
    }
    let value: JSON
    do {
      value = try JSON.parse(text)
    } catch {
      throw .usage("JSON: \(error)")
    }
    guard value.object != nil else { throw .usage("JSON: the parameters are an object") }
    return value
  }
}
