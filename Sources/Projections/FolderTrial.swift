package import EventLoop
package import JSON
package import Postgres
package import Scalars

/// Why a folder could not be tried.
package enum TrialFailure: Error, CustomStringConvertible {
  /// The folder is at fault, at a file and line.
  case refused(ProjectionRefusal)
  /// A question is at fault: the parameter, and what is wrong with it.
  case question(parameter: String, message: String)
  case failed(String)

  package var description: String {
    switch self {
    case .refused(let refusal): refusal.description
    case .question(let parameter, let message): "\(parameter): \(message)"
    case .failed(let message): message
    }
  }
}

/// Tries a folder on a log that was written for it: makes builds of it as the engine does, folds them with the engine's own
/// statements, and asks its queries.
@EventLoop
package final class FolderTrial {
  /// A build of a trial, folded up to some position.
  package struct Folded: Sendable {
    var build: Build
    package var position: Int { build.position }
  }

  /// A column of a query's rows.
  package struct Column: Sendable {
    package let name: String
    package let isInstant: Bool
  }

  package let folder: ProjectionFolder
  private let session: Session
  private let queries: Session
  private let comparing: Connection
  private let lease: Lease
  private var views: [PreparedView] = []

  /// `projector` and `query` say how to connect as these roles, to a database that nobody else folds.
  package static func open(
    _ folder: ProjectionFolder, projector: ConnectionInfo, query: ConnectionInfo
  ) async throws(TrialFailure) -> FolderTrial {
    do throws(PostgresError) {
      let session = Session(projector)
      let queries = Session(query)
      session.start()
      queries.start()
      let lease = try await ownLease(session)
      return FolderTrial(
        folder, session, queries, try await Connection.open(projector), lease)
    } catch {
      throw .failed("\(error)")
    }
  }

  private init(
    _ folder: ProjectionFolder, _ session: Session, _ queries: Session, _ comparing: Connection,
    _ lease: Lease
  ) {
    self.folder = folder
    self.session = session
    self.queries = queries
    self.comparing = comparing
    self.lease = lease
  }

  private static func ownLease(_ session: Session) async throws(PostgresError) -> Lease {
    let statement = Statement(
      """
      INSERT INTO projection.leases (name, owner, epoch) VALUES ('trial', gen_random_uuid(), 1)
      ON CONFLICT DO NOTHING
      """)
    _ = try await session.run(Query(statement), resend: .allowed)
    return Lease(name: "trial", epoch: 1)
  }

  /// Ends its connections.
  package func close() {
    session.close()
    queries.close()
    comparing.close()
  }

  // MARK: Folding

  /// A new build that has folded nothing; what is wrong with table.sql or apply.sql is said with its line. The
  /// events of `parked` it will never fold.
  package func begin(without parked: UUID? = nil) async throws(TrialFailure) -> Folded {
    do throws(BuildFailure) {
      var build = try await BuildStore(session: session).create(folder, state: "scratch", job: 0)
      if let parked {
        build.parked = [
          Build.Parked(scope: parked, position: 1, eventType: "", message: "", parkedAt: "")
        ]
      }
      return Folded(build: build)
    } catch {
      throw FolderTrial.failure(error)
    }
  }

  private static func failure(_ failure: BuildFailure) -> TrialFailure {
    switch failure {
    case .refused(let refusal): .refused(refusal)
    case .postgres(let error): .failed("\(error)")
    }
  }

  /// Folds a stretch of the log on from where the build stands.
  package func advance(_ fold: inout Folded, upTo position: Int) async throws(TrialFailure) {
    do throws(PostgresError) {
      try await run(fold.build, after: fold.position, upTo: position)
      fold.build.position = position
    } catch {
      if error.isUnavailable { throw .failed("\(error)") }
      throw .refused(ErrorLocation(error, in: folder).refusal)
    }
  }

  /// Whether the checkpoint refuses a stretch that the build has folded before.
  package func refusesAgain(_ fold: Folded, after: Int, upTo: Int) async throws(TrialFailure)
    -> Bool
  {
    do throws(PostgresError) {
      try await run(fold.build, after: after, upTo: upTo)
      return false
    } catch {
      if error.sqlState == "PL004" { return true }
      throw .failed("\(error)")
    }
  }

  private func run(_ build: Build, after: Int, upTo: Int) async throws(PostgresError) {
    try await Fold.run((build, lease), after: after, upTo: upTo) {
      [session] (queries) async throws(PostgresError) in
      try await session.run(queries, resend: .forbidden)
    }
  }

  /// How the rows of two builds differ, of one scope or of all, with an example; nil where they are the same.
  package func difference(_ first: Folded, _ second: Folded, scope: UUID? = nil)
    async throws(TrialFailure) -> JSON?
  {
    do throws(PostgresError) {
      let comparison = try await Comparison(
        first.build, second.build, at: first.position, scope: scope, on: comparing)
      // A nil in one expression with JSON would be JSON's null.
      if comparison.isEqual { return Optional.none }
      return comparison.json
    } catch {
      throw .failed("\(error)")
    }
  }

  // MARK: Asking

  /// Prepares the queries on a build; what is wrong with one is said with its line.
  package func prepareQueries(on fold: Folded) async throws(TrialFailure) {
    let catalog = ViewCatalog(session: queries, commandTypes: "")
    do throws(BuildFailure) {
      views = try await catalog.prepare(folder, on: fold.build)
    } catch {
      throw FolderTrial.failure(error)
    }
  }

  /// The methods of the folder.
  package var methods: [String] { folder.queries.map(\.method) }

  /// The columns of a method's rows; nil where there is no such method.
  package func columns(of method: String) -> [Column]? {
    view(method)?.columns.map { Column(name: $0.name, isInstant: $0.type == .timestamptz) }
  }

  private func view(_ method: String) -> PreparedView? {
    views.first { $0.query.method == method }
  }

  /// The rows that a method answers to someone at an instant.
  package func ask(_ method: String, _ parameters: JSONObject, scope: UUID?, now: Instant)
    async throws(TrialFailure) -> [JSON]
  {
    guard let view = view(method) else { throw .failed("there is no method \(method)") }
    try FolderTrial.check(parameters, of: view.query, isScoped: folder.category != nil)
    do {
      let request = ViewRequest(method: method, scope: scope, parameters: parameters, now: now)
      let plan = try ViewPlan(view, request)
      let settings = PreparedView.settings(view.build, scope: scope?.description)
      let rows = try await queries.run([settings, plan.query], resend: .allowed)[1]
      let text = String(decoding: plan.reply(rows).rows, as: UTF8.self)
      return try JSON.parse(text).array ?? []
    } catch ViewError.invalid(let parameter, _, let message) {
      throw .question(parameter: parameter, message: message)
    } catch {
      throw .failed("\(method): \(error)")
    }
  }

  /// On the wire the interface definition says which parameters there are, and of which types.
  private static func check(_ parameters: JSONObject, of query: ViewQuery, isScoped: Bool)
    throws(TrialFailure)
  {
    var types: [String: ValueType] = query.pages ? ["sort": .text, "limit": .bigint] : [:]
    for parameter in query.parameters.dropFirst(isScoped ? 1 : 0) {
      types[parameter.name] = parameter.type
    }
    for member in parameters.members {
      guard let type = types[member.name] else {
        let names = types.keys.sorted().joined(separator: ", ")
        throw .question(
          parameter: member.name,
          message: "no parameter of \(query.method)"
            + (names.isEmpty ? ", which has none" : "; these are: \(names)"))
      }
      guard member.value.isNull || type.accepts(member.value) else {
        throw .question(
          parameter: member.name, message: "must be of the type \(type.rawValue)")
      }
    }
    for parameter in query.parameters.dropFirst(isScoped ? 1 : 0) where !parameter.isOptional {
      guard parameters[parameter.name].map({ !$0.isNull }) == true else {
        throw .question(parameter: parameter.name, message: "\(query.method) needs a value")
      }
    }
  }
}

extension ValueType {
  /// Whether a value on the wire is of this type.
  fileprivate func accepts(_ value: JSON) -> Bool {
    switch self {
    case .bigint: value.int != nil
    case .boolean: value.bool != nil
    case .numeric: value.number != nil
    case .texts: value.array?.allSatisfy { $0.string != nil } == true
    case .jsonb: value.object != nil
    case .uuid, .text, .date, .timestamptz: value.string != nil
    }
  }
}
