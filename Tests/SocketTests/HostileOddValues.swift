import JSON
import Varlink

/// Values that are of a type and that nobody means.
enum OddValues {
  private static let texts = [
    "", " ", "\u{1}", "\u{7F}", "\\", "'", "\"", "%", "_%_", "$1", "{}", "null", "NaN", "infinity",
    "-infinity", "now", "today", "0", "-1", "1e9", "e\u{301}", "\u{E9}", "🛶👩‍👩‍👧‍👦", "\u{202E}abc",
    "\u{FFFE}", "\u{10FFFF}", "'; DROP TABLE log.events; --", String(repeating: "a", count: 256),
    String(repeating: "🛶", count: 4_001),
    // Dates and times at the edges of what there is.
    "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-29", "2024-02-29",
    "-0001-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:60Z", "2026-06-30T23:59:60Z", "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "2026-01-01T00:00:00.000000000001Z", "2026-01-01t00:00:00z", "1883-11-18T12:00:00Z",
    "00:00", "23:59", "24:00", "12:00:00", "Antarctica/Troll", "UTC", "utc", "posix/UTC",
    "../etc/passwd",
    // Ids, colours, rules.
    "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "{01900000-0000-7000-8000-000000000001}", "0190000000007000800000000000abcd", "#FFFFFF",
    "#ffffff", "#GGGGGG", "FREQ=DAILY;COUNT=2147483647", "FREQ=SECONDLY;INTERVAL=0",
    "FREQ=YEARLY;BYDAY=-53MO", "FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=DAILY;FREQ=DAILY",
  ]

  private static let numbers = [
    Int.min, Int(Int32.min) - 1, -1, 0, 1, 2, 5, 100, 101, 1_000, 1_001, Int(Int32.max) + 1,
    Int.max,
  ]

  private static let objects: [JSON] = [
    [:], ["": ""], ["a": nil], ["a": 1e308, "b": -1e-308, "c": 3e-308, "d": -0.0],
    ["a": .int(.max), "b": .int(.min), "c": 18_446_744_073_709_551_615.0], ["\u{1}": "\u{1}"],
    ["__proto__": [:]], ["a": .string(String(repeating: "x", count: 20_000))],
    ["a": nested(50)],
  ]

  private static func nested(_ depth: Int) -> JSON { depth == 0 ? 1 : [nested(depth - 1)] }

  static func of(_ type: VarlinkType, in definition: InterfaceDefinition) -> [JSON] {
    switch type {
    case .nullable(let type): return of(type, in: definition) + [.null]
    case .named(let name): return definition.types[name].map { of($0, in: definition) } ?? []
    case .bool: return [true, false]
    case .int: return numbers.map { .int($0) }
    case .float: return [0, -1, 1e308, 1e-308]
    case .string: return texts.map { .string($0) }
    case .object: return objects
    case .enumeration(let cases): return cases.map { .string($0) }
    case .array(let element):
      let elements = of(element, in: definition)
      return [[], .array(elements)] + elements.map { [$0] }
    case .map(let element):
      return [[:]] + of(element, in: definition).map { ["a": $0] }
    case .structure(let fields):
      return fields.flatMap { field in
        of(field.type, in: definition).map { value in
          .object(JSONObject(unique: [.init(name: field.name, value: value)]))
        }
      }
    }
  }

  /// The fields of a structure, whatever it is wrapped in.
  static func fields(of type: VarlinkType, in definition: InterfaceDefinition) -> [VarlinkType
    .Field]
  {
    switch type {
    case .nullable(let type): fields(of: type, in: definition)
    case .named(let name): definition.types[name].map { fields(of: $0, in: definition) } ?? []
    case .structure(let fields): fields
    default: []
    }
  }
}
