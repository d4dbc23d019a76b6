import JSON
import Varlink

/// `planner views` and `planner view`: what views there are, and any of them.
enum ViewCommand {
  static let specs: [CommandSpec] = [
    CommandSpec("views", "List the views, those dropped in too", run: list),
    CommandSpec(
      "view", "Show any view as a table",
      positionals: [
        PositionalSpec("METHOD", .view, "The view's method, such as RatingHistory"),
        PositionalSpec(
          "NAME=VALUE", .text("NAME=VALUE"), count: .any, "Its parameters, such as limit=5"),
      ], options: Listing.options,
      details: """
        planner views lists the methods, and planner call org.varlink.service.GetInterfaceDescription
        '{"interface": "org.plannerd.views"}' tells their parameters.
        Examples:
          planner view RatingHistory sort=newest limit=5
          planner view TagTotals --at yesterday
        """, run: show),
  ]

  // MARK: Views

  @Sendable static func list(_ invocation: Invocation) throws(Failure) {
    let reply = try describe(invocation.session)
    if invocation.session.options.json { return invocation.terminal.print(reply.text) }
    let definition = try definition(reply)
    var table = Table([.init("View"), .init("Command"), .init("Answers", least: 24)])
    for name in names(definition) {
      let word = ViewNames.all.first { $0.method == name }?.word
      table.add([
        Cell(name, .heading), Cell(word.map { "planner \($0)" }, .quiet),
        Cell(firstSentence(of: name, definition.text)),
      ])
    }
    invocation.terminal.print(table)
  }

  /// The methods of this daemon that answer with rows.
  static func names(_ session: Session) throws(Failure) -> [String] {
    names(try definition(describe(session)))
  }

  static func names(_ definition: InterfaceDefinition) -> [String] {
    definition.methods.values.filter { method in
      method.input.contains { $0.name == "atLeast" }
    }.map(\.name).sorted()
  }

  /// The first sentence of the comment above a method.
  static func firstSentence(of method: String, _ text: String) -> String {
    var comment: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("#") {
        comment.append(line.dropFirst().drop { $0 == " " })
      } else if line.hasPrefix("method \(method)(") {
        break
      } else {
        comment = []
      }
    }
    let paragraph = comment.prefix { !$0.isEmpty }.joined(separator: " ")
    var sentence = ""
    for word in paragraph.split(separator: " ") {
      // A full stop is the end where a capital follows it.
      if sentence.hasSuffix("."), word.first?.isUppercase == true { break }
      sentence += (sentence.isEmpty ? "" : " ") + word
    }
    return sentence
  }

  private static func describe(_ session: Session) throws(Failure) -> JSON {
    try session.call(
      "org.varlink.service.GetInterfaceDescription", ["interface": "org.plannerd.views"])
  }

  private static func definition(_ reply: JSON) throws(Failure) -> InterfaceDefinition {
    do {
      return try InterfaceDefinition(reply["description"]?.string ?? "")
    } catch {
      throw Failure(.fault, "the daemon's description of its views is not understood: \(error)")
    }
  }

  // MARK: Any view

  @Sendable static func show(_ invocation: Invocation) throws(Failure) {
    let method = try ViewNames.method(invocation.required("METHOD"))
    let local = invocation.session.clock.local
    let parameters = try parameters(invocation, method)
    try invocation.show(
      Listing(method, parameters, empty: "No rows.") { rows, _ in
        table(rows, ValueText(local: local))
      })
  }

  /// What `name=value` says. A value that is not plainly a text is of the type that the method has for it.
  private static func parameters(
    _ invocation: Invocation, _ method: String
  ) throws(Failure) -> JSONObject {
    var parameters: JSONObject = [:]
    var types: [VarlinkType.Field]?
    for text in invocation.arguments.all("NAME=VALUE") {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw .usage("a parameter is NAME=VALUE, not “\(text)”")
      }
      let (name, value) = (String(parts[0]), String(parts[1]))
      guard let json = try? JSON.parse(value), json.string == nil else {
        parameters[name] = .string(value)
        continue
      }
      if types == nil {
        types = try definition(describe(invocation.session)).methods[method]?.input ?? []
      }
      let field = types?.first { $0.name == name }
      parameters[name] = field.map { isText($0.type) } == true ? .string(value) : json
    }
    return parameters
  }

  private static func isText(_ type: VarlinkType) -> Bool {
    switch type {
    case .string: true
    case .nullable(let inner): isText(inner)
    default: false
    }
  }

  static func table(_ rows: [JSON], _ values: ValueText) -> Table {
    let names = columns(rows)
    let columns = names.map { name -> Table.Column in
      let present = rows.compactMap { $0[name] }.filter { !$0.isNull }
      let isNumber = present.allSatisfy { $0.number != nil }
      return Table.Column(name, alignRight: isNumber, least: isNumber ? nil : 8)
    }
    let lengths = names.map { name in
      name.hasSuffix("Id") ? ShortID.length(rows.compactMap { $0[name]?.string }) : Int.max
    }
    var table = Table(columns)
    for row in rows {
      table.add(
        zip(names, lengths).map { name, length in
          guard let value = row[name], !value.isNull else { return Cell("") }
          return Cell(
            String(values.text(value).prefix(length)), length < Int.max ? .quiet : .plain)
        })
    }
    return table
  }

  /// The columns of all rows; one that the first row lacks stands behind the one that it follows elsewhere.
  private static func columns(_ rows: [JSON]) -> [String] {
    var names: [String] = []
    var known: Set<String> = []
    for row in rows {
      var place = 0
      for member in row.object?.members ?? [] {
        if known.insert(member.name).inserted {
          names.insert(member.name, at: place)
          place += 1
        } else if let index = names.firstIndex(of: member.name) {
          place = index + 1
        }
      }
    }
    return names
  }
}
