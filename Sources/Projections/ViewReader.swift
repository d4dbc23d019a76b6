internal import EventLog
package import EventLoop
package import JSON
internal import Postgres
package import Scalars

/// A question to a view.
package struct ViewRequest: Sendable {
  package let method: String
  /// Whose rows; nil for a view over all streams.
  package let scope: UUID?
  /// The wire's parameters, of the right types.
  package let parameters: JSONObject
  /// The instant at which it is asked.
  package let now: Instant
  /// Decides the commands of a what-if on the log as it is; nil where there is none.
  package let whatIf: WhatIf?
  /// The last position that the asker has written: its own writes are waited for a short time, without its saying so.
  package let written: Int
  /// Fires when nobody waits for the answer any more.
  package let abandoned: Signal?
  /// Under which the answer may be kept; nil where it is not to be.
  package let question: AnswerCache.Question?

  package typealias WhatIf = @EventLoop () async throws(ViewError) -> Hypothesis

  package init(
    method: String, scope: UUID?, parameters: JSONObject, now: Instant, whatIf: WhatIf? = nil,
    written: Int = 0, abandoned: Signal? = nil, question: AnswerCache.Question? = nil
  ) {
    self.method = method
    self.scope = scope
    self.parameters = parameters
    self.now = now
    self.whatIf = whatIf
    self.written = written
    self.abandoned = abandoned
    self.question = question
  }
}

extension ViewRequest {
  /// The same question later, by nobody who waits.
  func again(at now: Instant) -> ViewRequest {
    ViewRequest(method: method, scope: scope, parameters: parameters, now: now, question: question)
  }
}

/// Why a view did not answer.
package enum ViewError: Error, Sendable {
  case noSuchMethod
  /// A parameter has a wrong value: which, the rule's name, and a sentence.
  case invalid(parameter: String, rule: String, message: String)
  /// `atLeast` was not reached in time; the position that was.
  case notYetVisible(position: Int)
  /// The view does not fold these rows since an event at which its apply() failed.
  case parked(projection: String, Build.Parked)
  case unavailable(String)
  case failed(String)
}

/// An answer of a view.
package struct ViewAnswer: Sendable {
  /// The reply's parameters as JSON: the opening, the position, and the rest.
  package let json: [UInt8]
  /// Up to where the view has folded the log.
  let position: Int
  /// Where in it the array of rows is.
  private let rowsRange: Range<Int>

  static let opening = Array("{\"position\":".utf8)
  fileprivate static let rowsMember = Array(",\"rows\":".utf8)

  init(json: [UInt8], position: Int, rows: Range<Int>) {
    self.json = json
    self.position = position
    rowsRange = rows
  }

  /// The rows as JSON.
  package var rows: ArraySlice<UInt8> { json[rowsRange] }

  var afterPosition: ArraySlice<UInt8> {
    json[(rowsRange.lowerBound - ViewAnswer.rowsMember.count)...]
  }
}

/// Answers questions to views: one statement, hence one snapshot, in one round trip.
@EventLoop
final class ViewReader {
  private let sessions: [QuerySession]
  private let catalog: ViewCatalog
  private let moments: MomentReader
  private let tail: LogTail

  nonisolated static let defaultLimit = 100
  nonisolated static let maxLimit = 1_000
  nonisolated static let patience = Duration.seconds(5)
  /// How long a question waits for what its asker has written before it, without being told to.
  private static let shortPatience = Duration.milliseconds(250)
  private static let attempts = 3

  init(
    _ sessions: [QuerySession], catalog: ViewCatalog, moments: MomentReader, tail: LogTail
  ) {
    self.sessions = sessions
    self.catalog = catalog
    self.moments = moments
    self.tail = tail
  }

  func answer(_ request: ViewRequest) async throws(ViewError) -> ViewAnswer {
    if let position = request.parameters["atLeast"]?.int {
      try await catalog.wait(for: request.method, position: position, patience: ViewReader.patience)
    }
    let asOf = try Moment(request.parameters["asOf"], parameter: "asOf", now: request.now)
    if let asOf {
      guard request.whatIf == nil else {
        throw .invalid(
          parameter: "whatIf", rule: "notWithAsOf",
          message: "whatIf must not be given with asOf: what would be is asked of now")
      }
      return try await moments.answer(request, asOf: asOf)
    }
    if let whatIf = request.whatIf { return try await moments.answer(request, whatIf) }
    await awaitWrites(request)
    var attempts = 0
    while true {
      guard let view = catalog.views[request.method] else { throw .noSuchMethod }
      if let parked = catalog.build(of: view).parking(of: request.scope) {
        throw .parked(projection: view.build.projection, parked)
      }
      let plan = try ViewPlan(view, request)
      do throws(PostgresError) {
        let session = QuerySession.best(of: sessions, for: view.path)
        let rows = try await session.run(plan.query, with: view.path)
        if rows.isEmpty { throw PostgresError(sqlState: "42P01", message: "the build is gone") }
        return plan.reply(rows)
      } catch {
        attempts += 1
        if error.isOfNames, attempts < ViewReader.attempts {
          await catalog.refresh()
          continue
        }
        throw ViewError(error, hasCursor: plan.hasCursor)
      }
    }
  }

  /// Returns when what the asker has written is folded, as far as the log still has it, or after a short time in which it
  /// is not.
  private func awaitWrites(_ request: ViewRequest) async {
    let position = min(request.written, tail.head)
    guard position > 0, let view = catalog.views[request.method],
      catalog.build(of: view).failure == nil
    else { return }
    do {
      try await catalog.wait(
        for: request.method, position: position, patience: ViewReader.shortPatience)
    } catch {
      // It is answered from what there is, and says up to where that is.
    }
  }

  /// A session that is connected, if there is one, with the least under way.
  static func idlest(_ sessions: [Session]) -> Session {
    sessions.min {
      ($0.state == .connected ? 0 : 1, $0.load) < ($1.state == .connected ? 0 : 1, $1.load)
    }!
  }
}

/// A question laid out: the statement, its parameters, and how to read the answer.
@EventLoop
struct ViewPlan {
  let query: Query
  private let order: PageOrder?
  private let limit: Int
  /// What a cursor belongs to; nil where all rows come at once.
  private let fingerprint: String?
  /// The instant asked about.
  private let now: String
  /// The moment asked about; nil where it is now.
  private let position: Int?
  let hasCursor: Bool

  init(_ view: PreparedView, _ request: ViewRequest, asOf place: MomentReader.Place? = nil)
    throws(ViewError)
  {
    var values = try ViewPlan.values(view, request.scope, request.parameters)
    let absent = Set(values.indices.filter { values[$0].isNull }.map { $0 + 1 })
    position = place?.position
    order = try ViewPlan.order(view, request)
    fingerprint = order.map { _ in ViewPlan.fingerprint(view, request) }
    let cursor = try ViewPlan.cursor(view, request)
    // All pages of an answer are of the instant of the first.
    now = cursor?.now ?? (place?.now ?? request.now).wholeMinute.description
    hasCursor = cursor != nil
    if view.query.usesNow { values.append(.text(now)) }
    values.append(.int(view.build.id))
    values.append(.text(request.scope?.description ?? ""))
    // In a sandbox names mean tables of its own.
    let isOfSandbox = place != nil || request.whatIf != nil
    values.append(isOfSandbox ? nil : .text(view.path))
    guard let order else {
      limit = 0
      query = Query(view.statement(ViewStatements.Shape(absent: absent)), values)
      return
    }
    limit = try ViewPlan.limit(request)
    values += (cursor?.values ?? []).map { .text($0) }
    let shape = ViewStatements.Shape(
      order: order.name, isAfterCursor: cursor != nil, absent: absent, rows: limit + 1)
    query = Query(view.statement(shape), values)
  }

  /// The values of a query's parameters, but for the instant that is asked about.
  static func values(_ view: PreparedView, _ scope: UUID?, _ parameters: JSONObject)
    throws(ViewError) -> [Parameter]
  {
    var values: [Parameter] = []
    for parameter in view.query.parameters {
      if parameter.name == "planner"
        || (parameter == view.query.parameters.first && scope != nil)
      {
        values.append(.text(scope?.description))
      } else {
        values.append(try parameter.bind(parameters[parameter.name]))
      }
    }
    return values
  }

  /// `{"position":…,"rows":[…],"nextCursor":…}`, the rows as Postgres wrote them. The position is that of the moment asked
  /// about, else the one given, else the checkpoint that came with the rows.
  func reply(_ rows: Rows, position given: Int? = nil) -> ViewAnswer {
    var out = ViewAnswer.opening
    let position = self.position ?? given ?? rows.int(0, 0)!
    out.append(contentsOf: String(position).utf8)
    out.append(contentsOf: ViewAnswer.rowsMember)
    let begin = out.count
    guard let order else {
      out.append(contentsOf: rows.bytes(0, 1))
      out.append(UInt8(ascii: "}"))
      return ViewAnswer(json: out, position: position, rows: begin..<(out.count - 1))
    }
    out.append(UInt8(ascii: "["))
    // A left join gives one row without a view's row where the page is empty.
    let count = rows.isNull(0, 1) ? 0 : min(rows.count, limit)
    for row in 0..<count {
      if row > 0 { out.append(UInt8(ascii: ",")) }
      out.append(contentsOf: rows.bytes(row, 1))
    }
    out.append(UInt8(ascii: "]"))
    let end = out.count
    if rows.count > limit {
      let values = order.keys.indices.map { rows[limit - 1, 2 + $0] }
      let cursor = ViewCursor(
        order: order.name, fingerprint: fingerprint!, now: now, position: self.position,
        values: values)
      out.append(contentsOf: ",\"nextCursor\":".utf8)
      JSON.write(cursor.text, to: &out)
    }
    out.append(UInt8(ascii: "}"))
    return ViewAnswer(json: out, position: position, rows: begin..<end)
  }

  /// Where the page before ended, if it is not the first that is asked for.
  static func cursor(_ view: PreparedView, _ request: ViewRequest) throws(ViewError) -> ViewCursor?
  {
    guard let order = try order(view, request), let text = request.parameters["cursor"]?.string
    else { return nil }
    return try ViewCursor(text, order: order, fingerprint: fingerprint(view, request))
  }

  private static func order(_ view: PreparedView, _ request: ViewRequest) throws(ViewError)
    -> PageOrder?
  {
    guard let name = request.parameters["sort"]?.string else {
      return view.query.orders.first
    }
    guard let order = view.query.orders.first(where: { $0.name == name }) else {
      let names = view.query.orders.map(\.name).joined(separator: ", ")
      throw .invalid(
        parameter: "sort", rule: "unknownSort", message: "sort must be one of \(names)")
    }
    return order
  }

  private static func limit(_ request: ViewRequest) throws(ViewError) -> Int {
    guard let limit = request.parameters["limit"]?.int else { return ViewReader.defaultLimit }
    guard (1...ViewReader.maxLimit).contains(limit) else {
      throw .invalid(
        parameter: "limit", rule: "outOfRange", message: "limit must be 1 to \(ViewReader.maxLimit)"
      )
    }
    return limit
  }

  /// What a cursor belongs to: the method and the parameters that choose rows.
  private static func fingerprint(_ view: PreparedView, _ request: ViewRequest) -> String {
    var members = request.parameters
    for name in ["cursor", "limit", "atLeast"] { members[name] = nil }
    let text = JSON.array([
      .string(view.query.method), .string(request.scope?.description ?? ""), .object(members),
    ]).canonicalBytes
    return String(Hashing.hex(Hashing.sha256(text)).prefix(12))
  }
}

/// Where a page ended: the values of the order's keys in its last row, the instant and the moment asked about, and what
/// they belong to. Opaque to clients: JSON in hexadecimal.
struct ViewCursor {
  let order: String
  let fingerprint: String
  let now: String
  /// Nil where pages are of the moment at which they are asked for.
  let position: Int?
  let values: [String?]

  init(order: String, fingerprint: String, now: String, position: Int?, values: [String?]) {
    self.order = order
    self.fingerprint = fingerprint
    self.now = now
    self.position = position
    self.values = values
  }

  init(_ text: String, order: PageOrder, fingerprint: String) throws(ViewError) {
    guard let bytes = Hashing.bytes(hex: text),
      let parsed = try? JSON.parse(String(decoding: bytes, as: UTF8.self)),
      let name = parsed[0]?.string, let print = parsed[1]?.string, let now = parsed[2]?.string,
      Instant(now) != nil,
      let values = parsed[3]?.array,
      values.count == order.keys.count, values.allSatisfy({ $0 == .null || $0.string != nil })
    else {
      throw .invalid(parameter: "cursor", rule: "invalidCursor", message: "the cursor is damaged")
    }
    guard name == order.name, print == fingerprint else {
      throw .invalid(
        parameter: "cursor", rule: "cursorOfAnotherQuestion",
        message: "the cursor came from a question with other parameters")
    }
    self.init(
      order: name, fingerprint: print, now: now, position: parsed[4]?.int,
      values: values.map(\.string))
  }

  var text: String {
    let values = JSON.array(values.map { $0.map { .string($0) } ?? .null })
    let moment: JSON = position.map { .int($0) } ?? .null
    return Hashing.hex(
      JSON.array([.string(order), .string(fingerprint), .string(now), values, moment]).bytes)
  }
}

extension QueryParameter {
  /// The value for Postgres of what came over the wire; absent and null are the same.
  func bind(_ value: JSON?) throws(ViewError) -> Parameter {
    guard let value, value != .null else { return nil }
    func invalid(_ rule: String, _ message: String) -> ViewError {
      .invalid(parameter: name, rule: rule, message: "\(name) must be \(message)")
    }
    switch type {
    case .uuid:
      guard let id = value.string.flatMap({ UUID($0) }) else {
        throw invalid("invalidID", "a UUID")
      }
      return .text(id.description)
    case .date:
      guard let date = value.string.flatMap({ CalendarDate($0) }) else {
        throw invalid("invalidDate", "a date, YYYY-MM-DD")
      }
      return .text(date.description)
    case .timestamptz:
      guard let instant = value.string.flatMap({ Instant($0) }) else {
        throw invalid("invalidInstant", "an RFC 3339 instant")
      }
      return .text(instant.description)
    case .text: return .text(value.string)
    case .bigint: return .int(value.int)
    case .boolean: return .bool(value.bool)
    case .numeric, .jsonb: return .text(value.text)
    case .texts: return .array((value.array ?? []).map(\.string))
    }
  }
}

extension Instant {
  var wholeMinute: Instant {
    Instant(microseconds: microseconds - (microseconds % 60_000_000 + 60_000_000) % 60_000_000)
  }
}
