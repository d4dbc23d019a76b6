import Glibc
import JSON
import Scalars
import Varlink

/// One run of the program against the daemon: a connection, opened at the first call, and the position
/// that what was written has reached, so that later questions see it.
final class Session {
  let options: GlobalOptions
  /// Stands at the instant that views are asked about, where that is not now.
  private(set) var clock: Clock
  /// The moment that views are asked about; nil is now.
  private var asOf: Moment?
  /// What `submit` only collects, and views are asked as if it were done; nil where it is done in earnest.
  private(set) var rehearsed: [JSON]?
  private let terminal: Terminal
  private let search: SocketSearch
  private let connectTo: (String, Int32?) throws(ClientError) -> VarlinkClient
  private let catchSignals: () -> Int32?
  private var client: VarlinkClient?
  private var interruption: Int32?
  private(set) var atLeast: Int?
  /// The last position that this run has written, or found written before.
  private var written: Int?

  init(
    _ options: GlobalOptions, clock: Clock, terminal: Terminal, environment: (String) -> String?,
    connectTo: @escaping (String, Int32?) throws(ClientError) -> VarlinkClient = {
      path, interruption throws(ClientError) in
      try VarlinkClient(path: path, interruption: interruption)
    },
    interruption: @escaping () -> Int32? = { Interruption.caught().descriptor }
  ) {
    self.options = options
    self.clock = clock
    self.terminal = terminal
    self.connectTo = connectTo
    catchSignals = interruption
    search = SocketSearch(named: options.socket, environment: environment)
    atLeast = options.atLeast
  }

  /// From here on Ctrl-C ends a wait with a failure of its own, instead of the process.
  func catchInterruption() {
    guard interruption == nil else { return }
    interruption = catchSignals()
    client = nil
  }

  private func open() throws(ClientError) -> VarlinkClient {
    try connectTo(search.path(), interruption)
  }

  private func connected() throws(ClientError) -> VarlinkClient {
    if let client { return client }
    let opened = try open()
    client = opened
    return opened
  }

  // MARK: Calls

  /// Calls a method that may be repeated, and gives the parameters of its reply.
  func call(_ method: String, _ parameters: JSON = [:]) throws(Failure) -> JSON {
    do throws(Settling.Ended) {
      return try settling(onLoss: {}).call(method, parameters).reply
    } catch {
      switch error {
      case .failed(let reason), .unknown(let reason): throw failure(reason)
      }
    }
  }

  /// Calls a method that nobody knows to be repeatable; a lost answer is an unknown outcome.
  func callOnce(_ method: String, _ parameters: JSON = [:]) throws(Failure) -> JSON {
    do throws(ClientError) {
      return try connected().call(method, parameters)
    } catch {
      if error == .connectionLost(requestSent: true) {
        throw Failure(.outcomeUnknown, "the connection was lost before \(method) answered")
      }
      throw failure(error)
    }
  }

  /// Calls with `more`, once.
  func streamOnce(
    _ method: String, _ parameters: JSON, body: (JSON) -> Bool
  ) throws(Failure) {
    do {
      try open().stream(method, parameters, body: body)
    } catch {
      throw failure(error)
    }
  }

  /// Calls a method of the planner interface for the planner that was asked for.
  func planner(_ method: String, _ parameters: JSONObject = [:]) throws(Failure) -> JSON {
    try call("org.plannerd.planner.\(method)", .object(addressed(parameters)))
  }

  /// Calls a view: the planner, the position that it must have seen, the moment and what would be are added.
  func view(_ method: String, _ parameters: JSONObject = [:]) throws(Failure) -> JSON {
    try call("org.plannerd.views.\(method)", .object(question(parameters)))
  }

  /// Calls Why or Changes, whose moments are among the parameters.
  func past(_ method: String, _ parameters: JSONObject) throws(Failure) -> JSON {
    try call("org.plannerd.views.\(method)", .object(addressed(parameters)))
  }

  /// Asks a view again whenever its rows change, over restarts of the daemon, until `body` gives false.
  func live(
    _ method: String, _ parameters: JSONObject, body: (JSON) -> Bool
  ) throws(Failure) {
    catchInterruption()
    try stream("org.plannerd.views.\(method)") {
      .object(question(parameters))
    } body: {
      body($0)
    }
  }

  private func question(_ parameters: JSONObject) -> JSONObject {
    var parameters = addressed(parameters)
    parameters["atLeast"] = atLeast.map { .int($0) }
    parameters["asOf"] = asOf?.json
    if let rehearsed, !rehearsed.isEmpty { parameters["whatIf"] = .array(rehearsed) }
    return parameters
  }

  // MARK: Other moments

  /// From here on views answer as of a moment, and times are from then.
  func travel(to moment: Moment) {
    asOf = moment
    if case .instant(let instant) = moment { clock = clock.standing(at: instant) }
  }

  /// From here on what is submitted is only collected, and views answer as if it had been done.
  func rehearse() { rehearsed = [] }

  func rehearse(_ commands: [JSON]) { rehearsed?.append(contentsOf: commands) }

  /// Asks the control interface.
  func control(_ method: String, _ parameters: JSON = [:]) throws(Failure) -> JSON {
    try call("org.plannerd.control.\(method)", parameters)
  }

  /// Has the control interface do something.
  func operate(_ method: String, _ parameters: JSON = [:]) throws(Failure) -> JSON {
    try callOnce("org.plannerd.control.\(method)", parameters)
  }

  /// Calls with `more`, and once the connection is lost again from where `resume` says; `resume` gives
  /// nil where the stream is over. `body` gives false to end it.
  func stream(
    _ method: String, resume: () -> JSON?, body: (JSON) -> Bool
  ) throws(Failure) {
    var lostAt: Int?
    while let parameters = resume() {
      do throws(ClientError) {
        let client = try open()
        try client.stream(method, parameters) { reply in
          lostAt = nil
          return body(reply)
        }
        return
      } catch {
        guard Session.isLoss(error, hasLost: lostAt != nil) else { throw failure(error) }
        let since = lostAt ?? clock.uptime()
        lostAt = since
        guard clock.uptime() - since < 60_000 else { throw failure(error) }
        guard clock.pause(200, interruption) else {
          throw Failure.silent(.interrupted)
        }
      }
    }
  }

  private static func isLoss(_ error: ClientError, hasLost: Bool) -> Bool {
    switch error {
    case .connectionLost: true
    case .unreachable: hasLost
    case .reply(let name, _):
      hasLost && ErrorReply.shortName(name) == "DatabaseUnavailable"
        || ErrorReply.shortName(name) == "Lagged"
    case .timedOut, .malformedReply, .interrupted: false
    }
  }

  // MARK: Submit

  /// What came back from a Submit.
  struct Submitted {
    let reply: JSON
    let outcomes: [Outcome]
    /// The first answer was lost: a `duplicate` may be what this call itself had written.
    let repeated: Bool
  }

  /// Submits commands, again after an answer that was lost, and remembers the position.
  func submit(
    _ commands: [JSON], atomic: Bool = false, dryRun: Bool = false
  ) throws(Failure) -> Submitted {
    if rehearsed != nil, !dryRun { return collect(commands) }
    let before = rehearsed ?? []
    var parameters = addressed(["commands": .array(before + commands)])
    if atomic { parameters["atomic"] = true }
    if dryRun { parameters["dryRun"] = true }
    let settling = settling { [terminal] in
      terminal.complain("planner: the answer was lost; asking again")
    }
    do throws(Settling.Ended) {
      let settled = try settling.call("org.plannerd.planner.Submit", .object(parameters))
      let submitted = try submitted(settled, commands.count, after: before.count)
      // Only what was written must be seen: a refusal leaves later questions free.
      if !dryRun, let last = submitted.outcomes.compactMap(\.lastPosition).max() {
        written = max(written ?? 0, last)
        atLeast = max(atLeast ?? 0, last)
      }
      return submitted
    } catch {
      switch error {
      case .failed(let reason): throw failure(reason)
      case .unknown: throw unknown(commands)
      }
    }
  }

  /// Waits until the views show what this run has written, so that whatever runs next sees it too. Where that takes
  /// longer than the daemon lets a question wait, so be it: what was written is written.
  func awaitViews() {
    guard let written, let client else { return }
    _ = try? client.call(
      "org.plannerd.views.Preferences", .object(addressed(["atLeast": .int(written)])))
  }

  private func submitted(
    _ settled: Settling.Settled, _ count: Int, after before: Int
  ) throws(Settling.Ended) -> Submitted {
    let outcomes = (settled.reply["outcomes"]?.array ?? []).map { Outcome($0) }
    guard outcomes.count == before + count else {
      throw .unknown(.malformedReply("\(outcomes.count) outcomes for \(before + count) commands"))
    }
    return Submitted(
      reply: settled.reply, outcomes: Array(outcomes[before...]), repeated: settled.repeated)
  }

  /// Whether the daemon would take them is for the view to say that is asked about them.
  private func collect(_ commands: [JSON]) -> Submitted {
    rehearse(commands)
    let outcomes = commands.map { command -> JSON in
      ["commandId": command["commandId"] ?? .null, "result": "applied"]
    }
    return Submitted(
      reply: ["outcomes": .array(outcomes)], outcomes: outcomes.map { Outcome($0) },
      repeated: false)
  }

  private func unknown(_ commands: [JSON]) -> Failure {
    let ids = commands.compactMap { $0["commandId"]?.string }
    var message = "the answer was lost, and the daemon could not be asked again in time.\n"
    if ids.count == 1 {
      message += """
        Whether command \(ids[0]) was carried out is unknown. This settles it, without doing it twice:
          planner apply - <<'EOF'
          \(commands[0].text)
          EOF
        """
    } else {
      message +=
        "Whether commands \(ids.first ?? "") to \(ids.last ?? "") were carried out is unknown."
    }
    return Failure(.outcomeUnknown, message)
  }

  // MARK: Pieces

  private func addressed(_ parameters: JSONObject) -> JSONObject {
    var parameters = parameters
    if let planner = options.planner { parameters["planner"] = .string(planner) }
    return parameters
  }

  private func settling(onLoss: @escaping () -> Void) -> Settling {
    Settling(
      connect: { [self] () throws(ClientError) in try connected() },
      disconnect: { [self] in client = nil }, uptime: clock.uptime,
      pause: { [clock, interruption] in clock.pause($0, interruption) },
      onLoss: onLoss)
  }

  private func failure(_ error: ClientError) -> Failure {
    switch error {
    case .unreachable(let path, let code): search.failure(path: path, code: code)
    case .connectionLost: Failure(.noDaemon, "the daemon closed the connection before it answered")
    case .timedOut: Failure(.noDaemon, "the daemon did not answer in time")
    case .malformedReply(let reason):
      Failure(.fault, "what answers at \(search.path()) is not plannerd: \(reason)")
    case .reply(let name, let parameters): ErrorReply.failure(name, parameters)
    case .interrupted: .silent(.interrupted)
    }
  }
}
