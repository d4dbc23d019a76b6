import JSON
import Scalars

/// What commands of the past did, in words, read from their events: `Rated Sleep 70 % (was 55 %)`.
final class CommandWords {
  private let session: Session
  private let names: NameBook
  private var texts: [String: String] = [:]

  /// Rows that are no further apart than this are read at once.
  private static let gap = 2_000

  init(_ session: Session) {
    self.session = session
    names = NameBook(session)
  }

  /// Reads the events of the commands of some rows of the view History, and of what undos among them concern.
  func read(_ rows: [JSON]) throws(Failure) {
    // What is only rehearsed has no events to read.
    guard session.rehearsed == nil else { return }
    let sorted = try (rows + concerned(rows)).sorted {
      ($0["position"]?.int ?? 0) < ($1["position"]?.int ?? 0)
    }
    var run: [JSON] = []
    for row in sorted {
      let end = run.last?["lastPosition"]?.int ?? 0
      if !run.isEmpty, (row["position"]?.int ?? 0) - end > CommandWords.gap {
        try readRun(run)
        run = []
      }
      run.append(row)
    }
    try readRun(run)
  }

  /// The rows of commands that undos concern and that are not among them, as far as they are told.
  private func concerned(_ rows: [JSON]) throws(Failure) -> [JSON] {
    var known = Set(rows.compactMap { $0["commandId"]?.string }).union(texts.keys)
    var more: [JSON] = []
    for row in rows where row["command"]?.string == "undo" {
      for id in (row["undoes"]?.array ?? []).compactMap(\.string).prefix(CommandWords.shown + 1)
      where more.count < CommandWords.mostAsked && known.insert(id).inserted {
        more += try session.view("History", ["commandId": .string(id)])["rows"]?.array ?? []
      }
    }
    return more
  }

  /// How many commands the words for an undo tell.
  private static let shown = 3
  /// How many commands are asked for one by one.
  private static let mostAsked = 50

  /// The words for a command; its beginning where it was not read.
  func text(_ id: String) -> String { texts[id] ?? "command \(id.prefix(13))" }

  private func readRun(_ rows: [JSON]) throws(Failure) {
    guard let first = rows.first?["position"]?.int,
      let last = rows.compactMap({ $0["lastPosition"]?.int }).max()
    else { return }
    var events: [String: [JSON]] = [:]
    var parameters: JSONObject = ["after": .int(first - 1)]
    if let planner = session.options.planner { parameters["planner"] = .string(planner) }
    try session.streamOnce("org.plannerd.planner.Subscribe", .object(parameters)) { reply in
      var position = 0
      for event in reply["events"]?.array ?? [] {
        position = event["position"]?.int ?? position
        names.learn(event["data"] ?? .null, at: position)
        if event["category"]?.string == "planner", position <= last {
          events[event["commandId"]?.string ?? "", default: []].append(event)
        }
      }
      return position < last
    }
    for row in rows {
      guard let id = row["commandId"]?.string else { continue }
      texts[id] = words(row, events[id] ?? [])
    }
  }

  private func words(_ row: JSON, _ events: [JSON]) -> String {
    let isUndo = row["command"]?.string == "undo"
    if isUndo { return undoWords(events) }
    guard let event = events.last else { return row["command"]?.string ?? "" }
    let sentence = EventSentence(local: session.clock.local, name: names.name)
    return sentence.text(event["type"]?.string ?? "", event["data"] ?? .null)
  }

  /// What an undo did: what it undid, or what it did again.
  private func undoWords(_ events: [JSON]) -> String {
    func commands(_ type: String) -> [String] {
      events.filter { $0["type"]?.string == type }
        .compactMap { $0["data"]?["commandId"]?.string }
    }
    let again = commands("CommandRedone")
    let concerned = again.isEmpty ? commands("CommandUndone") : again
    let shown = concerned.prefix(CommandWords.shown).map { text($0) }.joined(separator: "; ")
    let rest = concerned.count - CommandWords.shown
    let more = rest > 0 ? "; and \(rest) more" : ""
    return (again.isEmpty ? "Undid: " : "Redid: ") + shown + more
  }
}
