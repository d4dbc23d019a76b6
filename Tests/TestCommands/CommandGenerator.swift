package import JSON
package import Scalars

/// Makes wire commands at random, from a seed: mostly valid, some not.
///
/// It knows nothing of any planner's state: it counts what it has made and speaks of what it made last.
/// Several of them, each with its own `client` number and seed, can send to one planner at about the same
/// pace: each makes things of its own but speaks of everyone's, so that their commands collide.
///
/// Times are around `now`: `occurredAt` before it, snoozes after it; a few are in the future.
package struct CommandGenerator {
  private var random: SplitMix64
  private let now: Instant
  private let client: Int
  private let clients: Int
  private var made: [Kind: Int] = [.pillar: 0, .theme: 0, .task: 0]

  private enum Kind: UInt64 {
    case pillar = 1
    case theme, task
  }

  /// The generator of one of several clients, numbered from 0, that use one planner.
  package init(seed: UInt64, client: Int = 0, of clients: Int = 1, now: Instant) {
    precondition((0..<clients).contains(client))
    random = SplitMix64(seed: seed)
    self.client = client
    self.clients = clients
    self.now = now
  }

  /// The next command, an element of Submit's `commands`.
  package mutating func next() -> JSON {
    var (name, body) = self.body()
    if oneIn(25) { body = spoiled(body) }
    var command: JSONObject = [
      "commandId": .string(UUID.version7(at: now, using: &random).description)
    ]
    command[name] = .object(body)
    if oneIn(4) { command["occurredAt"] = instant(-40...0) }
    if oneIn(60) { command["occurredAt"] = instant(1...2) }
    return .object(command)
  }

  private mutating func body() -> (String, JSONObject) {
    if made[.pillar]! < 2 { return ("createPillar", pillar(create(.pillar))) }
    if made[.theme]! < 3 { return ("createTheme", theme(create(.theme))) }
    return anyBody()
  }

  private mutating func anyBody() -> (String, JSONObject) {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<6: ("createPillar", pillar(create(.pillar)))
    case 6..<9: ("changePillar", pillar(some(.pillar)))
    case 9 where oneIn(4): ("removePillar", ["pillarId": some(.pillar)])
    case 9..<20: ("createTheme", theme(create(.theme)))
    case 20..<24: ("changeTheme", theme(some(.theme)))
    case 24 where oneIn(2): ("removeTheme", ["themeId": some(.theme)])
    case 24..<34: ("rateTheme", rating())
    case 34..<54: ("createTask", newTask())
    case 54..<64: ("changeTask", changedTask())
    case 64..<76: ("moveTask", move())
    case 76..<96: taskStep()
    default: ("changePreferences", preferences())
    }
  }

  // MARK: Bodies

  private mutating func pillar(_ id: JSON) -> JSONObject {
    var body: JSONObject = ["pillarId": id, "name": name()]
    if oneIn(2) { body["color"] = oneOf(["#AA0000", "#00bb00", "#0000CC"]) }
    if oneIn(2) { body["domain"] = oneOf(["work", "personal"]) }
    return body
  }

  private mutating func theme(_ id: JSON) -> JSONObject {
    ["themeId": id, "pillarId": some(.pillar), "name": name()]
  }

  private mutating func rating() -> JSONObject {
    var body: JSONObject = [
      "themeId": some(.theme), "ratingPercent": .int(Int.random(in: 0...100, using: &random)),
    ]
    if oneIn(2) { body["note"] = oneOf(["Went well", "  ", "Too little time", "Ça va 🙂"]) }
    return body
  }

  private mutating func newTask() -> JSONObject {
    var body = details()
    body["taskId"] = create(.task)
    body["title"] = name()
    if oneIn(2) { body["themeId"] = some(.theme) }
    return body
  }

  private mutating func changedTask() -> JSONObject {
    var body = details()
    body["taskId"] = some(.task)
    if oneIn(2) { body["title"] = name() }
    let empty = ["notes", "impact", "dueDate", "dueAt", "tags", "recurrence"]
      .filter { body[$0] == nil }
      .filter { _ in oneIn(4) }
    if !empty.isEmpty { body["clear"] = .array(empty.map { .string($0) }) }
    return body
  }

  private mutating func details() -> JSONObject {
    var body: JSONObject = [:]
    if oneIn(4) { body["description"] = oneOf(["", "In short", " Ä\u{308}ther "]) }
    if oneIn(4) { body["notes"] = oneOf(["One\nTwo", "\"quoted\" \\ and\tTab"]) }
    if oneIn(3) { body["timeEstimate"] = oneOf(["15m", "30m", "1h", "2h+"]) }
    if oneIn(3) { body["effortMinutes"] = .int(Int.random(in: 1...480, using: &random)) }
    if oneIn(3) { body["impact"] = oneOf(["H", "M", "L"]) }
    if oneIn(3) { body["priority"] = .int(Int.random(in: 1...5, using: &random)) }
    if oneIn(4) {
      body["dueDate"] = oneOf(["2026-01-31", "2026-11-25", "2028-02-29"])
    } else if oneIn(4) {
      body["dueAt"] = instant(-20...20)
    }
    if oneIn(4) { body["tags"] = oneOf([[], ["deep"], ["post", "family", "post"]]) }
    if oneIn(6) { body["recurrence"] = recurrence() }
    return body
  }

  private mutating func recurrence() -> JSON {
    var body: JSONObject = [
      "rule": oneOf(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;INTERVAL=2;COUNT=5"])
    ]
    if oneIn(2) { body["anchor"] = oneOf(["due", "completion"]) }
    if oneIn(2) { body["catchUp"] = oneOf(["all", "next", "single"]) }
    if oneIn(2) { body["gate"] = oneOf(["schedule", "afterDone"]) }
    return .object(body)
  }

  private mutating func move() -> JSONObject {
    var body: JSONObject = ["taskId": some(.task)]
    switch Int.random(in: 0..<8, using: &random) {
    case 0: body["inbox"] = true
    case 1, 2: body["themeId"] = some(.theme)
    case 3, 4: body["afterTaskId"] = some(.task)
    case 5, 6: body["beforeTaskId"] = some(.task)
    default: break
    }
    return body
  }

  private mutating func taskStep() -> (String, JSONObject) {
    let names = [
      "startTask", "completeTask", "completeTask", "reopenTask", "snoozeTask", "wakeTask",
      "removeTask",
    ]
    let name = names.randomElement(using: &random)!
    var body: JSONObject = ["taskId": some(.task)]
    if name == "snoozeTask" { body["until"] = instant(1...30) }
    return (name, body)
  }

  private mutating func preferences() -> JSONObject {
    var body: JSONObject = [:]
    if oneIn(2) {
      let effort = Int.random(in: 0...50, using: &random)
      body["effort"] = .int(effort)
      body["urgency"] = .int(50 - effort)
    }
    if oneIn(3) { body["timezone"] = oneOf(["UTC", "Europe/Berlin"]) }
    if oneIn(3) { body["workStart"] = oneOf(["07:30", "08:00"]) }
    if oneIn(3) { body["weekStart"] = oneOf(["monday", "sunday"]) }
    if oneIn(3) { body["habitLearning"] = .bool(oneIn(2)) }
    if oneIn(3) { body["extra"] = oneOf([["theme": "dark"], ["n": 1.5, "list": [1, [:]]]]) }
    if oneIn(3) {
      let clear = ["workEnd", "extra", "timezone"].filter { body[$0] == nil }
      body["clear"] = .array(clear.map { .string($0) })
    }
    return body
  }

  /// A field more, a wrong one, or one less.
  private mutating func spoiled(_ body: JSONObject) -> JSONObject {
    var spoiled = body
    let member = body.members.randomElement(using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: spoiled["mood"] = "good"
    case 1: spoiled[member?.name ?? "name"] = [:]
    case 2: spoiled[member?.name ?? "name"] = nil
    default: spoiled[member?.name ?? "name"] = .string(String(repeating: "x", count: 5_000))
    }
    return spoiled
  }

  // MARK: Values

  /// The id of a thing to make: a new one, seldom an old one or another client's.
  private mutating func create(_ kind: Kind) -> JSON {
    made[kind]! += oneIn(12) ? 0 : 1
    let owner = oneIn(20) ? Int.random(in: 0..<clients, using: &random) : client
    return id(kind, made[kind]!, owner)
  }

  /// The id of one of the things made last, mostly its own.
  private mutating func some(_ kind: Kind) -> JSON {
    let owner = oneIn(3) ? Int.random(in: 0..<clients, using: &random) : client
    let last = max(1, made[kind]! - (owner == client ? 0 : 2))
    let first = max(1, last - (kind == .task ? 12 : 3))
    return id(kind, Int.random(in: first...last, using: &random), owner)
  }

  private func id(_ kind: Kind, _ number: Int, _ owner: Int) -> JSON {
    let high = 0x0190_0000_0000_7000 | kind.rawValue
    let low = 0x8000_0000_0000_0000 | UInt64(number * clients + owner)
    return .string(UUID(high: high, low: low).description)
  }

  /// One of few names with a number, some of them to be trimmed, so that names clash at times.
  private mutating func name() -> JSON {
    let number = Int.random(in: 1...40, using: &random)
    let names = [
      "Plan \(number)", "  Plan \(number)\t", "Cafe\u{301} \(number)", "Caf\u{E9} \(number)",
    ]
    return .string(names.randomElement(using: &random)!)
  }

  /// Some days from now.
  private mutating func instant(_ days: ClosedRange<Int>) -> JSON {
    let days = Int.random(in: days, using: &random)
    return .string(Instant(microseconds: now.microseconds + days * 86_400_000_000).description)
  }

  private mutating func oneOf(_ values: [JSON]) -> JSON { values.randomElement(using: &random)! }

  private mutating func oneIn(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &random) == 0
  }
}
