internal import EventLoop
internal import JSON
internal import Postgres
internal import Scalars

/// Answers why a view's row is what it is, and what changed in a view between two moments.
@EventLoop
final class HistoryReader {
  private let moments: MomentReader
  private let catalog: ViewCatalog

  private nonisolated static let defaultLimit = 100
  private nonisolated static let maxLimit = 1_000
  /// Of a row that changed between two moments, this many of the events are told.
  private nonisolated static let eventsOfRow = 10
  private nonisolated static let attempts = 3

  init(_ moments: MomentReader) {
    self.moments = moments
    catalog = moments.catalog
  }

  // MARK: Why

  /// The events that made a row what it is, the newest first.
  func why(_ request: HistoryRequest) async throws(ViewError) -> JSON {
    try await onBuild(request) { [self] view throws(HistoryFailure) in
      try await why(request, view)
    }
  }

  private func why(_ request: HistoryRequest, _ view: PreparedView) async throws(HistoryFailure)
    -> JSON
  {
    let limit: Int
    let moment: Moment?
    let column = request.parameters["column"]?.string
    do throws(ViewError) {
      limit = try request.limit(default: 20, most: HistoryReader.maxLimit)
      moment = try Moment(request.parameters["asOf"], parameter: "asOf", now: request.now)
      try HistoryReader.check(column, of: view)
    } catch {
      throw .view(error)
    }
    let place = try await seek(request, view, moment, "asOf")
    let subject = try subject(request, view, now: place.now)
    let key = HistoryReader.key(request.parameters["key"]?.string ?? "", view)
    let tracer = tracer(request)
    do throws(PostgresError) {
      let row = try await tracer.rows(subject, at: [place.version], keys: [key])[0][key]
      let traced = try await tracer.changes(
        of: [key], subject, after: 0, upTo: place.version, limit: limit
      ) { change in
        column.map { HistoryReader.columns(view, change.before, change.after).contains($0) } ?? true
      }
      let changes = try await describe(traced.changes, subject, view, only: column, tracer)
      return [
        "position": .int(place.position), "row": HistoryReader.object(row),
        "changes": .array(changes[key] ?? []), "complete": .bool(traced.isComplete),
      ]
    } catch {
      throw .postgres(error)
    }
  }

  // MARK: Changes

  /// The rows that differ between two moments, or between one and what would be, by their keys.
  func changes(_ request: HistoryRequest) async throws(ViewError) -> JSON {
    try await onBuild(request) { [self] view throws(HistoryFailure) in
      try await changes(request, view)
    }
  }

  private func changes(_ request: HistoryRequest, _ view: PreparedView)
    async throws(HistoryFailure) -> JSON
  {
    let limit: Int
    let moments: (since: Moment?, until: Moment?)
    do throws(ViewError) {
      limit = try request.limit(
        default: HistoryReader.defaultLimit, most: HistoryReader.maxLimit)
      moments = try HistoryReader.moments(request)
    } catch {
      throw .view(error)
    }
    if let whatIf = request.whatIf {
      return try await changes(request, view, moments.since, whatIf, limit)
    }
    let since = try await seek(request, view, moments.since, "since")
    let until = try await seek(request, view, moments.until, "until")
    guard since.position <= until.position else {
      throw .view(
        .invalid(
          parameter: "until", rule: "beforeSince", message: "until must not be before since"))
    }
    let subject = try subject(request, view, now: until.now)
    let earlier = try self.subject(request, view, now: since.now)
    let tracer = tracer(request)
    do throws(PostgresError) {
      let before = try await tracer.rows(earlier, at: [since.version])[0]
      let after = try await tracer.rows(subject, at: [until.version])[0]
      let differing = await HistoryReader.differing(before, after)
      let keys = Array(differing.prefix(limit))
      let traced = try await tracer.changes(
        of: keys, subject, after: since.version, upTo: until.version,
        limit: HistoryReader.eventsOfRow)
      let events = try await describe(traced.changes, subject, view, only: nil, tracer)
      return HistoryReader.reply(
        view, since.position, until.position, before, after, keys, events,
        isComplete: traced.isComplete && keys.count == differing.count)
    } catch {
      throw .postgres(error)
    }
  }

  private func changes(
    _ request: HistoryRequest, _ view: PreparedView, _ since: Moment?,
    _ whatIf: ViewRequest.WhatIf, _ limit: Int
  ) async throws(HistoryFailure) -> JSON {
    let tracer = tracer(request)
    for _ in 0..<HistoryReader.attempts {
      let hypothesis: Hypothesis
      do throws(ViewError) {
        hypothesis = try await whatIf()
        try moments.refuseParked(view, request.scope, .max)
      } catch {
        throw .view(error)
      }
      let subject = try subject(request, view, now: request.now)
      let look = tracer.look(subject, nil)
      let would: (position: Int, answers: [Rows])?
      do throws(PostgresError) {
        would = try await moments.pool.with(view.build) { sandbox throws(PostgresError) in
          try await sandbox.run(
            scope: request.scope, with: hypothesis, [look], abandoned: request.abandoned)
        }
      } catch {
        throw .postgres(error)
      }
      guard let would else { continue }
      let place = try await seek(request, view, since ?? .position(would.position), "since")
      let earlier = since == nil ? subject : try self.subject(request, view, now: place.now)
      do throws(PostgresError) {
        let before = try await tracer.rows(earlier, at: [place.version])[0]
        let after = Tracer.dictionary(would.answers[0])
        let differing = await HistoryReader.differing(before, after)
        return HistoryReader.reply(
          view, place.position, would.position, before, after, Array(differing.prefix(limit)), [:],
          isComplete: differing.count <= limit)
      } catch {
        throw .postgres(error)
      }
    }
    throw .view(.unavailable("the planner changes faster than it can be asked what would be"))
  }

  // MARK: Parts

  /// Why a question on a build was not answered: for good, or perhaps because the build is gone.
  private enum HistoryFailure: Error {
    case view(ViewError)
    case postgres(PostgresError)
  }

  /// Asks on the live build, and again on its successor where it was dropped meanwhile.
  private func onBuild(
    _ request: HistoryRequest,
    _ ask: @EventLoop (PreparedView) async throws(HistoryFailure) -> JSON
  ) async throws(ViewError) -> JSON {
    var attempts = 0
    while true {
      guard let view = catalog.views[request.method] else {
        throw .invalid(
          parameter: "method", rule: "unknownMethod", message: "method must be that of a view")
      }
      do throws(HistoryFailure) {
        return try await ask(view)
      } catch {
        switch error {
        case .view(let error): throw error
        case .postgres(let error):
          attempts += 1
          guard error.isMissingBuild, attempts < HistoryReader.attempts else {
            throw ViewError(error, hasCursor: false)
          }
        }
      }
      await catalog.refresh()
    }
  }

  private func tracer(_ request: HistoryRequest) -> Tracer {
    Tracer(sessions: moments.sessions, pool: moments.pool, abandoned: request.abandoned)
  }

  private func seek(
    _ request: HistoryRequest, _ view: PreparedView, _ moment: Moment?, _ parameter: String
  ) async throws(HistoryFailure) -> MomentReader.Place {
    let place: Result<MomentReader.Place, ViewError>
    do throws(PostgresError) {
      place = try await moments.seek(
        view.build, request.scope, moment, parameter: parameter,
        now: moment == nil ? request.now : nil)
    } catch {
      throw .postgres(error)
    }
    do throws(ViewError) {
      let found = try place.get()
      try moments.refuseParked(view, request.scope, found.position)
      return found
    } catch {
      throw .view(error)
    }
  }

  /// The view's query with the parameters of the call's `parameters`.
  private func subject(_ request: HistoryRequest, _ view: PreparedView, now: Instant)
    throws(HistoryFailure) -> Tracer.Subject
  {
    let given = request.parameters["parameters"]?.object ?? [:]
    do throws(ViewError) {
      try HistoryReader.check(given, of: view)
      var values = try ViewPlan.values(view, request.scope, given)
      if view.query.usesNow { values.append(.text(now.wholeMinute.description)) }
      return Tracer.Subject(
        build: view.build, scope: request.scope, select: view.query.text,
        parameterTypes: PreparedView.parameterTypes(view.query), parameters: values,
        key: view.key)
    } catch {
      guard case .invalid(let parameter, let rule, let message) = error else { throw .view(error) }
      throw .view(
        .invalid(parameter: "parameters.\(parameter)", rule: rule, message: "parameters.\(message)")
      )
    }
  }

  /// Holds the members of `parameters` against the query's.
  private static func check(_ given: JSONObject, of view: PreparedView) throws(ViewError) {
    let isScoped = view.build.category != nil
    let known = view.query.parameters.dropFirst(isScoped ? 1 : 0)
    for member in given.members {
      guard let parameter = known.first(where: { $0.name == member.name }) else {
        throw .invalid(
          parameter: member.name, rule: "unknownParameter",
          message: "\(member.name) is no parameter of \(view.query.method)")
      }
      guard parameter.accepts(member.value) else {
        throw .invalid(
          parameter: member.name, rule: "invalidType",
          message: "\(member.name) must be of type \(parameter.type.varlink)")
      }
    }
    for parameter in known where !parameter.isOptional && given[parameter.name] == nil {
      throw .invalid(
        parameter: parameter.name, rule: "required",
        message: "\(parameter.name) must be given for \(view.query.method)")
    }
  }

  private static func check(_ column: String?, of view: PreparedView) throws(ViewError) {
    guard let column, !view.columns.contains(where: { $0.name == column }) else { return }
    throw .invalid(
      parameter: "column", rule: "unknownColumn",
      message: "column must be one of \(view.columns.map(\.name).joined(separator: ", "))")
  }

  /// `since` is there, or there is a what-if in place of `until`.
  private static func moments(_ request: HistoryRequest) throws(ViewError)
    -> (since: Moment?, until: Moment?)
  {
    let since = try Moment(
      request.parameters["since"], parameter: "since", now: request.now)
    let until = try Moment(
      request.parameters["until"], parameter: "until", now: request.now)
    if request.whatIf != nil, until != nil {
      throw .invalid(
        parameter: "whatIf", rule: "notWithUntil", message: "whatIf must not be given with until")
    }
    if request.whatIf == nil, since == nil {
      throw .invalid(
        parameter: "since", rule: "required", message: "since must be given without whatIf")
    }
    return (since, until)
  }

  /// As the rows' keys are written: values of several columns are separated by commas in the call.
  private static func key(_ text: String, _ view: PreparedView) -> String {
    let parts = text.split(
      separator: ",", maxSplits: max(0, view.key.count - 1), omittingEmptySubsequences: false)
    return zip(view.key, parts).map { name, part in
      let type = view.columns.first { $0.name == name }?.type
      return type == .uuid ? UUID(trimmed(part))?.description ?? String(part) : String(part)
    }.joined(separator: Tracer.separator)
  }

  /// The keys of the rows that are not the same, in order.
  private static func differing(_ before: [String: String], _ after: [String: String]) async
    -> [String]
  {
    var keys: [String] = []
    for (index, key) in Set(before.keys).union(after.keys).enumerated() {
      if before[key] != after[key] { keys.append(key) }
      if index % 500 == 499 { await EventLoop.yield() }
    }
    return keys.sorted()
  }

  private static func object(_ row: String?) -> JSON {
    row.flatMap { try? JSON.parse($0) } ?? .null
  }

  /// The columns in which two rows differ, in the view's order; of a row that came or went all that have a value.
  private static func columns(_ view: PreparedView, _ before: String?, _ after: String?) -> [String]
  {
    let (before, after) = (object(before), object(after))
    return view.columns.map(\.name).filter { (before[$0] ?? .null) != (after[$0] ?? .null) }
  }

  /// Changes as the type RowChange, by the rows' keys.
  private func describe(
    _ changes: [Tracer.Change], _ subject: Tracer.Subject, _ view: PreparedView,
    only column: String?, _ tracer: Tracer
  ) async throws(PostgresError) -> [String: [JSON]] {
    let envelopes = try await tracer.envelopes(subject, Set(changes.map(\.version)).sorted())
    var described: [String: [JSON]] = [:]
    for change in changes {
      let before = change.before.map { HistoryReader.object($0) }
      let after = change.after.map { HistoryReader.object($0) }
      let names = HistoryReader.columns(view, change.before, change.after)
      let columns = names.filter { column == nil || column == $0 }.map { name -> JSON in
        func text(_ row: JSON?) -> JSON { row.map { .string(($0[name] ?? .null).text) } ?? .null }
        return ["name": .string(name), "before": text(before), "after": text(after)]
      }
      var object = envelopes[change.version] ?? [:]
      object["columns"] = .array(columns)
      described[change.key, default: []].append(.object(object))
    }
    return described
  }

  private static func reply(
    _ view: PreparedView, _ since: Int, _ until: Int, _ before: [String: String],
    _ after: [String: String], _ keys: [String], _ events: [String: [JSON]], isComplete: Bool
  ) -> JSON {
    let rows = keys.map { key -> JSON in
      let kind = before[key] == nil ? "added" : after[key] == nil ? "gone" : "changed"
      let columns = columns(view, before[key], after[key]).map { JSON.string($0) }
      return [
        "key": .string(key.split(separator: Tracer.separator).joined(separator: ",")),
        "kind": .string(kind), "before": object(before[key]), "after": object(after[key]),
        "columns": .array(columns), "events": .array(events[key] ?? []),
      ]
    }
    return [
      "since": .int(since), "until": .int(until), "rows": .array(rows),
      "complete": .bool(isComplete),
    ]
  }
}

extension PreparedView {
  /// The columns whose values make a row's key: those that the query's header names, else the first.
  var key: [String] { query.key.isEmpty ? [columns[0].name] : query.key }
}
