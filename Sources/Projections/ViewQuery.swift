/// A query file: one SELECT and a header that says how it is served.
package struct ViewQuery: Sendable, Equatable {
  /// The method that it is served as.
  package let method: String
  package let text: String
  package let documentation: [String]
  package let parameters: [QueryParameter]
  /// Output columns that are never null.
  package let neverNull: Set<String>
  /// The output columns that tell a row from the others; empty where the file does not say: the first column.
  package let key: [String]
  /// The orders in which it pages, the default first; empty where it gives all rows at once.
  package let orders: [PageOrder]
  /// Whether it depends on the instant asked about, bound after the parameters.
  package let usesNow: Bool

  var pages: Bool { !orders.isEmpty }

  /// What starts a header line that is not documentation.
  private static let directives = ["parameters:", "never null:", "key:", "pages by", "now"]

  init(file: String, text: String, projection: String, isScoped: Bool) throws(ProjectionRefusal) {
    self.text = text
    method = String(file.dropFirst("queries/".count).dropLast(".sql".count))
    var parameters: [QueryParameter] = []
    var neverNull: Set<String> = []
    var key: [String] = []
    var orders: [PageOrder] = []
    var documentation: [String] = []
    var usesNow = false
    func refusal(_ line: Int, _ message: String) -> ProjectionRefusal {
      ProjectionRefusal(projection: projection, file: file, line: line, message: message)
    }
    guard let initial = method.utf8.first,
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(initial),
      method.utf8.allSatisfy({
        $0 < 0x80 && (Character(Unicode.Scalar($0)).isLetter || (0x30...0x39).contains($0))
      })
    else { throw refusal(1, "a method's name is letters and digits, a capital first") }
    guard !ViewsInterface.isTaken(method) else {
      throw refusal(1, "\(method) is the name of an error or a type of the views' interface")
    }
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      guard line.hasPrefix("--") else { break }
      let content = trimmed(line.dropFirst(2))
      do throws(HeaderError) {
        if content.hasPrefix("parameters:") {
          parameters = try QueryParameter.list(content.dropFirst("parameters:".count))
        } else if content.hasPrefix("never null:") {
          neverNull = Set(
            content.dropFirst("never null:".count).split(separator: ",").map { trimmed($0) })
        } else if content.hasPrefix("key:") {
          key = try ViewQuery.columns(content.dropFirst("key:".count))
        } else if content.hasPrefix("pages by") {
          let order = try PageOrder(content.dropFirst("pages by".count))
          guard !orders.contains(where: { $0.name == order.name }) else {
            throw HeaderError(message: "the order \(order.name) occurs twice")
          }
          orders.append(order)
        } else if content == "now" {
          usesNow = true
        } else {
          documentation.append(content)
        }
      } catch {
        throw refusal(index + 1, error.message)
      }
    }
    while documentation.last?.isEmpty == true { documentation.removeLast() }
    if isScoped, parameters.first?.name != "planner" {
      throw refusal(1, "the first parameter of a scoped query is `planner uuid`")
    }
    if trimmed(text).hasSuffix(";") { throw refusal(1, "a query is one SELECT without `;`") }
    self.documentation = documentation
    self.parameters = parameters
    self.neverNull = neverNull
    self.key = key
    self.orders = orders
    self.usesNow = usesNow
  }

  /// Reads `taskId, day`: the names of columns, each once.
  private static func columns(_ text: some StringProtocol) throws(HeaderError) -> [String] {
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) }
    guard names.allSatisfy(ViewsInterface.isFieldName), Set(names).count == names.count else {
      throw HeaderError(message: "`key` names output columns, each once: `key: taskId, day`")
    }
    return names
  }
}

/// What is wrong with a header line.
struct HeaderError: Error {
  let message: String
}

/// A parameter of a query.
package struct QueryParameter: Sendable, Equatable {
  package let name: String
  package let type: ValueType
  package let isOptional: Bool

  /// Reads `planner uuid, status text?`.
  static func list(_ text: some StringProtocol) throws(HeaderError) -> [QueryParameter] {
    var parameters: [QueryParameter] = []
    for item in text.split(separator: ",") {
      let words = trimmed(item).split(separator: " ")
      guard words.count == 2 else {
        throw HeaderError(
          message: "a parameter is `name type` or `name type?`, not `\(trimmed(item))`")
      }
      let name = String(words[0])
      guard ViewsInterface.isFieldName(name), !ViewsInterface.ownParameters.contains(name),
        !parameters.contains(where: { $0.name == name })
      else {
        throw HeaderError(
          message: "`\(name)` is no name for a parameter, occurs twice, or is the daemon's own")
      }
      let isOptional = words[1].hasSuffix("?")
      guard let type = ValueType(rawValue: String(isOptional ? words[1].dropLast() : words[1]))
      else {
        throw HeaderError(message: "`\(words[1])` is no parameter type")
      }
      parameters.append(QueryParameter(name: name, type: type, isOptional: isOptional))
    }
    return parameters
  }
}

/// The types of parameters and columns, by their names in Postgres.
package enum ValueType: String, Sendable {
  case uuid, text, bigint, boolean, date, timestamptz, numeric, jsonb
  case texts = "text[]"

  /// Object ids are fixed by Postgres's catalog (pg_type.dat).
  var objectID: UInt32 {
    switch self {
    case .uuid: 2950
    case .text: 25
    case .bigint: 20
    case .boolean: 16
    case .date: 1082
    case .timestamptz: 1184
    case .numeric: 1700
    case .jsonb: 3802
    case .texts: 1009
    }
  }

  /// The type of a result's column; nil for one that is not served.
  init?(objectID: UInt32) {
    switch objectID {
    case 2950: self = .uuid
    case 25, 1043: self = .text
    case 20, 21, 23: self = .bigint
    case 16: self = .boolean
    case 1082: self = .date
    case 1184: self = .timestamptz
    // double precision is written and compared alike.
    case 1700, 701: self = .numeric
    case 3802, 114: self = .jsonb
    case 1009: self = .texts
    default: return nil
    }
  }

  /// The type in an interface definition.
  var varlink: String {
    switch self {
    case .uuid, .text, .date, .timestamptz: "string"
    case .bigint: "int"
    case .boolean: "bool"
    case .numeric: "float"
    case .jsonb: "object"
    case .texts: "[]string"
    }
  }
}

/// An order in which a query pages.
package struct PageOrder: Sendable, Equatable {
  struct Key: Sendable, Equatable {
    let column: String
    let descending: Bool
    let nullsLast: Bool
  }

  package let name: String
  let keys: [Key]

  /// Reads ` newest: createdAt desc, taskId`.
  init(_ text: some StringProtocol) throws(HeaderError) {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else {
      throw HeaderError(message: "an order is `pages by NAME: column, …`")
    }
    name = trimmed(parts[0])
    var keys: [Key] = []
    for item in parts[1].split(separator: ",") {
      let words = trimmed(item).split(separator: " ").map { String($0) }
      guard let column = words.first else { throw HeaderError(message: "an order names columns") }
      let rest = words.dropFirst().joined(separator: " ").lowercased()
      switch rest {
      case "", "asc", "nulls last":
        keys.append(Key(column: column, descending: false, nullsLast: true))
      case "desc": keys.append(Key(column: column, descending: true, nullsLast: false))
      case "desc nulls last": keys.append(Key(column: column, descending: true, nullsLast: true))
      default:
        throw HeaderError(message: "`\(rest)` is no direction: desc, nulls last, desc nulls last")
      }
    }
    self.keys = keys
  }

  var sql: String {
    keys.map { key in
      "\(quoted(key.column)) \(key.descending ? "DESC" : "ASC") NULLS \(key.nullsLast ? "LAST" : "FIRST")"
    }.joined(separator: ", ")
  }

  /// The rows after a cursor, whose values are the parameters from `$first` on, cast to the columns' types.
  func after(firstParameter first: Int, types: [ValueType]) -> String {
    let alternatives = keys.indices.map { index in
      let equal = keys[..<index].enumerated().map { offset, key in
        "\(quoted(key.column)) IS NOT DISTINCT FROM $\(first + offset)::\(types[offset].rawValue)"
      }
      let value = "$\(first + index)::\(types[index].rawValue)"
      return "(" + (equal + [PageOrder.beyond(keys[index], value)]).joined(separator: " AND ") + ")"
    }
    return alternatives.joined(separator: " OR ")
  }

  private static func beyond(_ key: Key, _ value: String) -> String {
    let column = quoted(key.column)
    let further = "\(column) \(key.descending ? "<" : ">") \(value)"
    return key.nullsLast
      ? "(\(value) IS NOT NULL AND (\(further) OR \(column) IS NULL))"
      : "(\(further) OR (\(value) IS NULL AND \(column) IS NOT NULL))"
  }
}

/// An identifier of SQL in quotes.
func quoted(_ identifier: String) -> String {
  "\""
    + identifier.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    + "\""
}
