/// Refuses SQL whose result would depend on when it runs.
enum Determinism {
  /// Words that stand for the clock or for chance, as they would be called.
  private static let words: Set<String> = [
    "now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "random",
    "gen_random_uuid", "nextval", "current_timestamp", "current_date", "current_time", "localtime",
    "localtimestamp", "setval", "txid_current", "pg_current_xact_id", "current_user",
    "session_user",
  ]

  /// Texts that stand for the clock where they become a time: `'now'::timestamptz`, `date 'today'`.
  private static let moments: Set<String> = ["now", "today", "tomorrow", "yesterday"]

  static func check(_ sql: String, file: String, projection: String) throws(ProjectionRefusal) {
    let tokens = SQLTokens(sql).all
    for (index, token) in tokens.enumerated() {
      let isClock =
        switch token.kind {
        case .word: words.contains(token.text)
        case .literal: moments.contains(trimmed(token.text)) && isTime(index, tokens)
        case .mark: false
        }
      guard isClock else { continue }
      throw ProjectionRefusal(
        projection: projection, file: file, line: token.line,
        message:
          "`\(trimmed(token.text))` depends on when it runs; use occurred_at or recorded_at of the event, or `-- now` in a query"
      )
    }
  }

  /// Whether the literal is cast to a date or time: by `::`, by `CAST(… AS …)`, or by a type before it.
  private static func isTime(_ index: Int, _ tokens: [SQLTokens.Token]) -> Bool {
    func text(_ offset: Int) -> String {
      tokens.indices.contains(index + offset) ? tokens[index + offset].text : ""
    }
    func isTimeType(_ word: String) -> Bool { word.hasPrefix("time") || word == "date" }
    if isTimeType(text(-1)) || text(-1) == "zone" { return true }
    if text(1) == "as" { return isTimeType(text(2)) }
    return text(1) == ":" && text(2) == ":" && isTimeType(text(3))
  }
}
