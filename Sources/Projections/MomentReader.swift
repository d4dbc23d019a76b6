internal import EventLoop
internal import Postgres
internal import Scalars

/// Answers questions to views about other moments than now: what the live build would have answered then.
@EventLoop
final class MomentReader {
  let sessions: [Session]
  let catalog: ViewCatalog
  let pool: SandboxPool

  init(_ sessions: [Session], catalog: ViewCatalog, pool: SandboxPool) {
    self.sessions = sessions
    self.catalog = catalog
    self.pool = pool
  }

  /// Where the rows of a scope are folded from to be as of a moment.
  struct Place {
    let position: Int
    /// The instant that is asked about.
    let now: Instant
    /// Of the scope's stream.
    let version: Int
    /// What its rows are folded on from, if there is one.
    let snapshot: Snapshot?
  }

  func answer(_ request: ViewRequest, asOf moment: Moment) async throws(ViewError) -> ViewAnswer {
    var attempts = 0
    while true {
      guard let view = catalog.views[request.method] else { throw .noSuchMethod }
      // All pages of an answer are of the moment of the first.
      let pinned = try ViewPlan.cursor(view, request)?.position
      let answer: Result<ViewAnswer, ViewError>
      do throws(PostgresError) {
        let place = try await seek(
          view.build, request.scope, pinned.map { .position($0) } ?? moment)
        answer = try await self.answer(view, request, place)
      } catch {
        attempts += 1
        guard error.isMissingBuild, attempts < 3 else {
          throw ViewError(error, hasCursor: pinned != nil)
        }
        await catalog.refresh()
        continue
      }
      return try answer.get()
    }
  }

  /// The answer as if some commands had been applied.
  func answer(_ request: ViewRequest, _ whatIf: ViewRequest.WhatIf) async throws(ViewError)
    -> ViewAnswer
  {
    for _ in 0..<MomentReader.attempts {
      let hypothesis = try await whatIf()
      guard let view = catalog.views[request.method] else { throw .noSuchMethod }
      if let parked = catalog.build(of: view).parking(of: request.scope) {
        throw .parked(projection: view.build.projection, parked)
      }
      let plan = try ViewPlan(view, request)
      do throws(PostgresError) {
        let answer = try await pool.with(view.build) { sandbox throws(PostgresError) in
          try await sandbox.run(
            scope: request.scope, with: hypothesis, [plan.query], abandoned: request.abandoned)
        }
        // Where the live rows are beyond what it was decided on, it is decided again.
        if let answer, !answer.answers[0].isEmpty {
          return plan.reply(answer.answers[0], position: answer.position)
        }
      } catch {
        guard error.isMissingBuild else { throw ViewError(error, hasCursor: plan.hasCursor) }
        await catalog.refresh()
      }
    }
    throw .unavailable("the planner changes faster than it can be asked what would be")
  }

  private static let attempts = 10

  private func answer(
    _ view: PreparedView, _ request: ViewRequest, _ place: Result<Place, ViewError>
  )
    async throws(PostgresError) -> Result<ViewAnswer, ViewError>
  {
    let plan: ViewPlan
    let found: Place
    do throws(ViewError) {
      found = try place.get()
      try refuseParked(view, request.scope, found.position)
      plan = try ViewPlan(view, request, asOf: found)
    } catch {
      return .failure(error)
    }
    let rows = try await fold(view.build, request, found, [plan.query])[0]
    if rows.isEmpty { throw PostgresError(sqlState: "42P01", message: "the build is gone") }
    return .success(plan.reply(rows))
  }

  /// From the event on at which apply() failed for a scope there are no rows.
  func refuseParked(_ view: PreparedView, _ scope: UUID?, _ position: Int) throws(ViewError) {
    if let parked = catalog.build(of: view).parking(of: scope), parked.position <= position {
      throw .parked(projection: view.build.projection, parked)
    }
  }

  /// Folds the rows at a place and runs queries on them.
  private func fold(_ build: Build, _ request: ViewRequest, _ place: Place, _ queries: [Query])
    async throws(PostgresError) -> [Rows]
  {
    try await pool.with(build) { sandbox throws(PostgresError) in
      let scope = request.scope
      let rows = try await sandbox.run(
        scope: scope, from: place.snapshot, upTo: place.version, at: place.position,
        queries,
        abandoned: request.abandoned)
      if let rows { return rows }
      // The snapshot was deleted meanwhile.
      return try await sandbox.run(
        scope: scope, from: nil, upTo: place.version, at: place.position, queries,
        abandoned: request.abandoned)!
    }
  }

  /// Finds a moment in the log, and the nearest snapshot before it.
  /// A moment of nil is now, which is given then.
  func seek(
    _ build: Build, _ scope: UUID?, _ moment: Moment?, parameter: String = "asOf",
    now: Instant? = nil
  ) async throws(PostgresError) -> Result<Place, ViewError> {
    let (position, instant): (Int?, Instant?) =
      switch moment {
      case .position(let position)?: (position, nil)
      case .instant(let instant)?: (nil, instant)
      case nil: (nil, nil)
      }
    let rows = try await ViewReader.idlest(sessions).run(
      MomentReader.seekStatement(
        .int(build.id), .text((scope ?? SandboxStatements.allStreams).description), .int(position),
        .text(instant?.description)), resend: .allowed)
    let head = rows.int(0, 0)!
    if let position, position > head {
      return .failure(
        .invalid(
          parameter: "\(parameter).position", rule: "outOfRange",
          message: "\(parameter).position must be 0 to \(head), the last position of the log"))
    }
    let recorded = Instant(microseconds: rows.int(0, 2) ?? 0)
    let snapshot = rows.int(0, 4).map {
      Snapshot(id: $0, baseID: rows.int(0, 5)!, version: rows.int(0, 6)!)
    }
    return .success(
      Place(
        position: rows.int(0, 1)!, now: instant ?? now ?? recorded, version: rows.int(0, 3)!,
        snapshot: snapshot))
  }

  private static let seekStatement = Statement(
    """
    SELECT head, position, (extract(epoch FROM recorded_at) * 1000000)::bigint, version, snapshot_id,
           base_id, snapshot_version
      FROM projection.seek($1, $2, $3, $4)
    """)
}

extension PostgresError {
  /// The build was swapped and dropped between the choice and the statement, or by another daemon.
  var isMissingBuild: Bool { ["42P01", "3F000"].contains(sqlState) }

  /// The names of a statement did not mean what they should.
  var isOfNames: Bool { isMissingBuild || sqlState?.hasPrefix("42") == true }
}

extension ViewError {
  /// What a statement's error means to who asked.
  init(_ error: PostgresError, hasCursor: Bool) {
    if error.isUnavailable {
      self = .unavailable(error.description)
    } else if error.isDataError, hasCursor {
      self = .invalid(
        parameter: "cursor", rule: "invalidCursor", message: "the cursor is damaged")
    } else {
      self = .failed(error.description)
    }
  }
}
