internal import EventLoop
internal import JSON
internal import Postgres
internal import Scalars

/// Finds the events behind rows in which two builds differ.
@EventLoop
struct DifferenceTracer {
  let moments: MomentReader

  /// Of one row, the newest so many.
  private static let events = 10
  private static let patience = Duration.seconds(20)

  /// Tells with each difference for which this is not known yet which events made the row what it should be: that of the
  /// second build, or of the first where only that has it. Where this takes too long the rest of them goes without.
  func explain(_ comparison: Comparison, _ first: Build, _ second: Build) async -> Comparison {
    var comparison = comparison
    let deadline = ContinuousClock().now + DifferenceTracer.patience
    let abandoned = Signal()
    let timer = EventLoop.after(DifferenceTracer.patience) { abandoned.fire() }
    defer { timer.cancel() }
    for index in comparison.differences.indices where ContinuousClock().now < deadline {
      let difference = comparison.differences[index]
      guard difference.events.isEmpty else { continue }
      let build = difference.kind == "gone" ? first : second
      // A series is read among the rows that are in doubt.
      if build.id == first.id, build.folder?.series.contains(difference.table) == true { continue }
      let events = try? await events(
        behind: difference, in: build, upTo: comparison.position, abandoned)
      comparison.differences[index].events = events ?? []
    }
    return comparison
  }

  private func events(
    behind difference: Comparison.Difference, in build: Build, upTo position: Int,
    _ abandoned: Signal
  ) async throws(PostgresError) -> [JSON] {
    let key = difference.key.object?.members ?? []
    let scope = key.first { $0.name == build.scopeColumn }.flatMap { $0.value.string }
    let place = try await moments.seek(build, scope.flatMap { UUID($0) }, .position(position))
    guard let version = try? place.get().version else { return [] }
    let own = key.filter { $0.name != build.scopeColumn }
    let subject = DifferenceTracer.subject(
      build, scope.flatMap { UUID($0) }, difference.table, own.map(\.name))
    let text = own.map { $0.value.string ?? $0.value.text }.joined(separator: Tracer.separator)
    let tracer = Tracer(sessions: moments.sessions, pool: moments.pool, abandoned: abandoned)
    let changes = try await tracer.changes(
      of: [text], subject, after: 0, upTo: version, limit: DifferenceTracer.events
    ).changes
    let envelopes = try await tracer.envelopes(subject, changes.map(\.version))
    return changes.sorted { $0.version < $1.version }.compactMap {
      envelopes[$0.version].map { .object($0) }
    }
  }

  /// The rows of a table by their keys, which are written as in JSON.
  private static func subject(_ build: Build, _ scope: UUID?, _ table: String, _ key: [String])
    -> Tracer.Subject
  {
    // A table may have one row a scope, which then is all of its key.
    let values = key.isEmpty ? ["''"] : key.map { "to_jsonb(t.\(quoted($0))) #>> '{}'" }
    let names = values.indices.map { "key \($0)" }
    let keys = zip(values, names).map { "\($0) AS \(quoted($1))" }
    return Tracer.Subject(
      build: build, scope: scope,
      select: "SELECT \((["t.*"] + keys).joined(separator: ", ")) FROM \(quoted(table)) AS t",
      parameterTypes: [], parameters: [], key: names)
  }
}
