internal import EventLog
internal import EventLoop
internal import Postgres

/// The views that are served: each projection's live build, its folder and its prepared queries.
@EventLoop
final class ViewCatalog {
  /// A projection that is served.
  struct Served {
    var folder: ProjectionFolder
    var build: Build
    var views: [PreparedView]
  }

  private(set) var served: [String: Served] = [:]
  /// By method.
  private(set) var views: [String: PreparedView] = [:]
  /// Called when methods came, went or changed.
  var onChange: () -> Void = {}
  /// Called with a projection's name when its live build has folded more, and with true when another build or other
  /// queries answer, or none any more.
  var followers: [ObjectIdentifier: (String, Bool) -> Void] = [:]
  /// Finds out which builds are live, where the one that was asked is gone.
  var refresh: () async -> Void = {}

  /// Definitions of types that methods' parameters have.
  let commandTypes: String
  private let session: Session
  private var waiters: [(projection: String, position: Int, signal: Signal)] = []
  /// What live queries wait for.
  private var watched: [ObjectIdentifier: (projection: String, position: Int)] = [:]
  /// Called when somebody begins to wait for a position.
  var onAwait: () -> Void = {}

  /// The highest position that somebody waits for, by projection.
  var awaited: [String: Int] {
    var awaited: [String: Int] = [:]
    for (projection, position) in waiters.map({ ($0.projection, $0.position) }) + watched.values {
      awaited[projection] = max(awaited[projection] ?? 0, position)
    }
    return awaited
  }

  /// Notes what a live query waits for; nil where it waits for nothing.
  func await(_ projection: String?, _ position: Int?, for watch: LiveWatch) {
    guard let projection, let position else {
      watched[ObjectIdentifier(watch)] = nil
      return
    }
    watched[ObjectIdentifier(watch)] = (projection, position)
    onAwait()
  }

  /// `session` is one of the query role's, to ask for columns.
  init(session: Session, commandTypes: String) {
    self.session = session
    self.commandTypes = commandTypes
  }

  /// The queries of a folder, tried against a build.
  func prepare(_ folder: ProjectionFolder, on build: Build) async throws(BuildFailure)
    -> [PreparedView]
  {
    var views: [PreparedView] = []
    for query in folder.queries {
      if let other = self.views[query.method], other.build.projection != folder.name {
        throw .refused(
          ProjectionRefusal(
            projection: folder.name, file: "queries/\(query.method).sql", line: 1,
            message: "projection \(other.build.projection) has a method of that name already"))
      }
      guard !ViewsInterface.defines(query.method, commandTypes) else {
        throw .refused(
          ProjectionRefusal(
            projection: folder.name, file: "queries/\(query.method).sql", line: 1,
            message: "\(query.method) is the name of a type of the views' interface"))
      }
      do {
        let rows = try await session.run(PreparedView.probe(query, of: build), resend: .allowed)[1]
        views.append(try PreparedView(query, of: build, probed: rows))
      } catch let refusal as ProjectionRefusal {
        throw .refused(refusal)
      } catch let error as PostgresError {
        if error.isUnavailable { throw .postgres(error) }
        // The probe starts with `SELECT * FROM (` on the file's first line.
        let line = error.position.map { ViewCatalog.line($0, "SELECT * FROM (\(query.text)") } ?? 1
        throw .refused(
          ProjectionRefusal(
            projection: folder.name, file: "queries/\(query.method).sql", line: line,
            message: error.description))
      } catch {
        preconditionFailure("\(error)")
      }
    }
    return views
  }

  private static func line(_ position: Int, _ text: String) -> Int {
    1 + text.unicodeScalars.prefix(max(0, position - 1)).count { $0 == "\n" }
  }

  /// The live build of a view as it is now.
  func build(of view: PreparedView) -> Build {
    served[view.build.projection]?.build ?? view.build
  }

  func serve(_ folder: ProjectionFolder, _ build: Build, _ views: [PreparedView]) {
    withdrawMethods(of: folder.name)
    served[folder.name] = Served(folder: folder, build: build, views: views)
    for view in views { self.views[view.query.method] = view }
    onChange()
    advanced(build)
    for follower in followers.values { follower(folder.name, true) }
  }

  func withdraw(_ projection: String) {
    withdrawMethods(of: projection)
    served[projection] = nil
    onChange()
    for follower in followers.values { follower(projection, true) }
  }

  private func withdrawMethods(of projection: String) {
    views = views.filter { $0.value.build.projection != projection }
  }

  /// A build has moved on: those who wait for its position go on.
  func advanced(_ build: Build) {
    guard let known = served[build.projection]?.build, known.id == build.id else { return }
    served[build.projection]?.build = build
    for waiter in waiters
    where waiter.projection == build.projection && waiter.position <= build.position {
      waiter.signal.fire()
    }
    waiters.removeAll { $0.signal.hasFired }
    // What was parked or is no longer shows without an event.
    let isOther = known.parked != build.parked
    for follower in followers.values { follower(build.projection, isOther) }
  }

  /// Rows of the live build were mended, without an event.
  func mended(_ projection: String) {
    for follower in followers.values { follower(projection, true) }
  }

  /// Waits until a method's build has folded a position.
  func wait(for method: String, position: Int, patience: Duration) async throws(ViewError) {
    guard let projection = views[method]?.build.projection else { throw .noSuchMethod }
    let reached = await wait(forProjection: projection, position: position, patience: patience)
    if reached < position { throw .notYetVisible(position: reached) }
  }

  /// Waits until a projection's live build has folded a position, or not much longer; gives the position that it is at.
  func wait(forProjection projection: String, position: Int, patience: Duration) async -> Int {
    func reached() -> Int { served[projection]?.build.position ?? 0 }
    if reached() >= position { return reached() }
    let signal = Signal()
    waiters.append((projection, position, signal))
    onAwait()
    let timer = EventLoop.after(patience) { signal.fire() }
    await signal.wait()
    timer.cancel()
    waiters.removeAll { $0.signal === signal }
    return reached()
  }
}
