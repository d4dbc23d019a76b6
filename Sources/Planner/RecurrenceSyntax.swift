import Scalars

/// Checks the text of an RRULE by the grammar and the restrictions of RFC 5545, section 3.3.10.
struct RecurrenceSyntax {
  static let longest = 500
  static let frequencies = [
    "SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY",
  ]

  private static let weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

  private let field: String
  private var parts: [String: String] = [:]

  /// Says no to a text that is not a rule. `field` is the path of the field that holds it.
  static func check(_ rule: String, field: String) throws(Rejection) {
    let length = rule.unicodeScalars.count
    guard length <= longest else { throw .tooLong(.recurrenceTooLong, field, length, longest) }
    let syntax = try RecurrenceSyntax(rule, field)
    try syntax.checkFrequency()
    try syntax.checkEnd()
    for (name, value) in syntax.parts.sorted(by: { $0.key < $1.key }) {
      guard syntax.isPlausible(name, value) else { throw syntax.refused(name, value) }
      try syntax.checkPlace(of: name)
    }
  }

  private init(_ rule: String, _ field: String) throws(Rejection) {
    self.field = field
    // Only ASCII from here on: Swift compares by canonical equivalence, and U+212A equals K.
    guard rule.utf8.allSatisfy({ $0 < 0x80 }) else { throw malformed() }
    for part in rule.uppercased().split(separator: ";", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false).map { String($0) }
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else { throw malformed() }
      guard parts.updateValue(sides[1], forKey: sides[0]) == nil else {
        throw Rejection(
          .recurrencePart, field: field, "\(field) has the part \(sides[0].clipped) twice.")
      }
    }
  }

  private func malformed() -> Rejection {
    .malformed(.recurrenceSyntax, field, "parts NAME=VALUE separated by semicolons")
  }

  private func refused(_ name: String, _ value: String) -> Rejection {
    Rejection(
      .recurrencePart, field: field, limit: name.clipped,
      "\(field) has the wrong part \("\(name)=\(value)".clipped).")
  }

  private func checkFrequency() throws(Rejection) {
    guard let frequency = parts["FREQ"], RecurrenceSyntax.frequencies.contains(frequency) else {
      let limit = RecurrenceSyntax.frequencies.joined(separator: ", ")
      throw Rejection(
        .recurrenceFrequency, field: field, limit: limit,
        "\(field) must have FREQ, one of \(limit).")
    }
  }

  private func checkEnd() throws(Rejection) {
    if parts["COUNT"] != nil && parts["UNTIL"] != nil {
      throw Rejection(
        .recurrenceEndsTwice, field: field, limit: "1",
        "\(field) has COUNT and UNTIL; at most one may be.")
    }
  }

  private func isPlausible(_ name: String, _ value: String) -> Bool {
    switch name {
    case "FREQ": true
    case "INTERVAL", "COUNT": number(value[...], in: 1...999_999_999)
    case "UNTIL": isDate(value)
    case "WKST": RecurrenceSyntax.weekdays.contains(value)
    case "BYSECOND": list(value) { number($0, in: 0...60) }
    case "BYMINUTE": list(value) { number($0, in: 0...59) }
    case "BYHOUR": list(value) { number($0, in: 0...23) }
    case "BYDAY": list(value, isDay)
    case "BYMONTHDAY": list(value) { signed($0, upTo: 31) }
    case "BYYEARDAY", "BYSETPOS": list(value) { signed($0, upTo: 366) }
    case "BYWEEKNO": list(value) { signed($0, upTo: 53) }
    case "BYMONTH": list(value) { number($0, in: 1...12) }
    default: false
    }
  }

  /// Some parts go only with some frequencies.
  private func checkPlace(of name: String) throws(Rejection) {
    let frequency = parts["FREQ"]!
    let fits: Bool =
      switch name {
      case "BYWEEKNO": frequency == "YEARLY"
      case "BYYEARDAY": !["DAILY", "WEEKLY", "MONTHLY"].contains(frequency)
      case "BYMONTHDAY": frequency != "WEEKLY"
      case "BYDAY": !numbersDays || frequency == "MONTHLY" || frequency == "YEARLY" && !numbersWeeks
      case "BYSETPOS": parts.keys.contains { $0.hasPrefix("BY") && $0 != "BYSETPOS" }
      default: true
      }
    guard fits else {
      throw Rejection(
        .recurrencePart, field: field, limit: name,
        "\(field) has \(name) where it may not be with the other parts.")
    }
  }

  private var numbersWeeks: Bool { parts["BYWEEKNO"] != nil }

  private var numbersDays: Bool {
    parts["BYDAY"]!.utf8.contains { (0x30...0x39).contains($0) }
  }

  private func list(_ value: String, _ fits: (Substring) -> Bool) -> Bool {
    value.split(separator: ",", omittingEmptySubsequences: false).allSatisfy(fits)
  }

  private func number(_ text: Substring, in range: ClosedRange<Int>) -> Bool {
    guard (1...9).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text)
    else { return false }
    return range.contains(value)
  }

  private func signed(_ text: Substring, upTo most: Int) -> Bool {
    number(text.first == "+" || text.first == "-" ? text.dropFirst() : text, in: 1...most)
  }

  private func isDay(_ text: Substring) -> Bool {
    guard RecurrenceSyntax.weekdays.contains(String(text.suffix(2))) else { return false }
    let ordinal = text.dropLast(2)
    return ordinal.isEmpty || signed(ordinal, upTo: 53)
  }

  /// YYYYMMDD, or YYYYMMDDThhmmss with Z or without.
  private func isDate(_ text: String) -> Bool {
    let day = text.prefix(8)
    guard day.utf8.count == 8,
      CalendarDate("\(day.prefix(4))-\(day.dropFirst(4).prefix(2))-\(day.suffix(2))") != nil
    else { return false }
    var time = text.dropFirst(8)
    if time.isEmpty { return true }
    if time.last == "Z" { time.removeLast() }
    guard time.utf8.count == 7, time.removeFirst() == "T" else { return false }
    return number(time.prefix(2), in: 0...23) && number(time.dropFirst(2).prefix(2), in: 0...59)
      && number(time.suffix(2), in: 0...60)
  }
}
