import EventLog
import EventLoop
import Files
import Glibc
import Postgres
import Projections
import Scalars
import Varlink

/// The parts of a running daemon.
@EventLoop
final class Daemon {
  let options: Options
  let people: People
  let database: Database
  let tail: LogTail
  let commands: GroupCommit<PlannerDecider>
  let reader: LogReader
  let access: AccessRecorder
  let audit: AuditReader
  let projections: ProjectionEngine
  let server: VarlinkServer
  private let sessions: [Session]
  private var isStopping = false

  /// Starts everything, the socket last; returns when the daemon is ready.
  static func start(_ options: Options) async throws -> Daemon {
    try Files.makeFolder(options.dataFolder)
    guard try Files.lock("\(options.dataFolder)/lock") != nil else {
      throw StartError("another plannerd works on \(options.dataFolder)")
    }
    let authority = try People.authority(
      configured: options.authority, dataFolder: options.dataFolder)
    let database = try await Database(options)
    do {
      try await database.start()
      let daemon = Daemon(
        options, database, People(authority: authority),
        try DaemonIdentity(dataFolder: options.dataFolder))
      try await daemon.open()
      return daemon
    } catch {
      await database.stop()
      throw error
    }
  }

  private init(
    _ options: Options, _ database: Database, _ people: People, _ identity: DaemonIdentity
  ) {
    self.options = options
    self.database = database
    self.people = people
    let info = database.info("plannerd_append")
    let write = Session(info)
    write.onConnect = Database.requireDurability
    let read = Session(info)
    var recordInfo = info
    // No call waits for it, and a day's old records are deleted by one statement.
    recordInfo.replyTime = .seconds(60)
    let record = Session(recordInfo)
    // An audit may read the whole log: those who follow it do not wait for that.
    let search = Session(database.searchInfo)
    sessions = [write, read, record, search]
    tail = LogTail(Session(info))
    let decider = PlannerDecider(timezones: database.timezones, authority: people.authority)
    commands = GroupCommit(
      decider, session: write, background: record, tail: tail,
      schemaVersion: database.schemaVersion, clock: Clock.now)
    reader = LogReader(read)
    access = AccessRecorder(record)
    audit = AuditReader(search, recorder: access)
    projections = ProjectionEngine(
      folder: options.projectionsFolder, projector: database.info("plannerd_project"),
      query: database.info("plannerd_query"), tail: tail, daemonID: identity.id,
      predecessor: identity.predecessor, proofInterval: options.proofInterval,
      commandTypes: PlannerInterface.commandTypes, keptAnswers: options.keptAnswers << 20,
      clock: Clock.now, log: { Log.line($0) })
    var limits = ServerLimits()
    limits.connections = options.connections
    limits.connectionsPerUid = options.connectionsPerUser
    server = VarlinkServer(
      identity: ServiceIdentity(
        vendor: "plannerd", product: "plannerd", version: Version.text, url: "https://plannerd.org"),
      limits: limits)
  }

  private func open() async throws {
    commands.rest = { [projections] in projections.restOfAppends }
    for session in sessions { session.start() }
    try await tail.start()
    try await projections.start()
    let planner = try PlannerService(self)
    let control = try ControlService(self)
    let views = try ViewsService(self)
    server.register(planner)
    server.register(control)
    server.register(views)
    server.kept = views
    projections.onInterfaceChange = { [server] in views.refresh(on: server) }
    try listen()
    pruneAccess()
  }

  private func listen() throws {
    let folder = Files.folder(of: options.socket)
    let made = !Files.isFolder(folder)
    try Files.makeFolder(folder, mode: 0o750)
    var group: UInt32?
    if let name = options.group {
      guard let entry = SystemGroup.named(name) else {
        throw StartError("there is no group \(name)")
      }
      group = entry
      if made { try Files.give(folder, toUID: geteuid(), gid: entry) }
    }
    try server.listen(path: options.socket, mode: 0o660, group: group)
  }

  /// Lets calls that run finish, then stops everything in the order in which it depends on another.
  func stop() async {
    guard !isStopping else { return }
    isStopping = true
    await server.stop()
    await access.flush()
    await projections.stop()
    tail.stop()
    for session in sessions { session.close() }
    await database.stop()
  }

  /// Once a day, and at the start.
  private func pruneAccess() {
    Task { @EventLoop in
      while !isStopping {
        let limit = Clock.now().microseconds - options.accessDays * 86_400_000_000
        try? await access.prune(before: Instant(microseconds: limit))
        await EventLoop.sleep(.seconds(86_400))
      }
    }
  }

  var trouble: String? {
    for session in sessions {
      if case .connecting(let error) = session.state { return error ?? "connecting" }
    }
    return projections.trouble
  }
}
