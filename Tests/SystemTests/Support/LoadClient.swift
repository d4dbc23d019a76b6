import EventLoop
import JSON
import Scalars
import TestCommands
import TestSupport

/// What the clients of a load have been told, by command id.
@EventLoop
final class Acknowledgements {
  struct Applied {
    let command: JSON
    let first: Int
    let last: Int
    let version: Int
  }

  private(set) var applied: [String: Applied] = [:]
  private(set) var refused: Set<String> = []
  /// What no client should ever have seen.
  private(set) var complaints: [String] = []
  /// The ids of all whose outcome is known.
  var commands: Set<String> { refused.union(applied.keys) }
  /// Answers so far.
  private(set) var count = 0
  /// Submits that had to be sent more than once.
  var repeated = 0

  /// Takes note of the settled outcomes of a Submit.
  func note(_ commands: [JSON], _ outcomes: [JSON]) {
    count += 1
    for (command, outcome) in zip(commands, outcomes) {
      let id = command["commandId"]?.string ?? ""
      switch outcome["result"]?.string {
      case "applied", "duplicate":
        guard let first = outcome["firstPosition"]?.int, let last = outcome["lastPosition"]?.int,
          let version = outcome["version"]?.int
        else { return complain("an applied command without positions: \(outcome.text)") }
        applied[id] = Applied(command: command, first: first, last: last, version: version)
      case "rejected", "conflict", "withheld": refused.insert(id)
      default: complain("\(outcome.text)")
      }
    }
    if commands.count != outcomes.count {
      complain("\(commands.count) commands got \(outcomes.count) outcomes")
    }
  }

  func complain(_ text: String) {
    complaints.append(text)
  }
}

/// One of several clients that load a daemon: sends random commands, and those whose answer was lost again, with
/// the same ids, until it knows what became of them.
@EventLoop
final class LoadClient {
  private let socket: String
  private let acknowledgements: Acknowledgements
  private var generator: CommandGenerator
  private var random: SplitMix64
  private var connection: TestClient?
  private var version = 0
  private var end: ContinuousClock.Instant?

  /// How long a client that was stopped goes on asking what became of its last commands.
  private static let patience = Duration.seconds(30)

  init(
    _ number: Int, of clients: Int, seed: UInt64, socket: String,
    acknowledgements: Acknowledgements
  ) {
    self.socket = socket
    self.acknowledgements = acknowledgements
    let own = seed &* 31 &+ UInt64(number)
    generator = CommandGenerator(seed: own, client: number, of: clients, now: WallClock.now)
    random = SplitMix64(seed: own &+ 7)
  }

  func stop() { end = ContinuousClock().now + LoadClient.patience }

  /// Sends until it is stopped; what was begun is settled.
  func run() async {
    while end == nil {
      let commands = (0..<Int.random(in: 1...4, using: &random)).map { _ in command() }
      let atomic = Int.random(in: 0..<5, using: &random) == 0
      let outcomes = await settle(commands, atomic: atomic)
      acknowledgements.note(commands, outcomes)
      version = outcomes.compactMap { $0["version"]?.int }.max() ?? version
    }
    connection?.close()
  }

  private func command() -> JSON {
    var command = generator.next().object ?? [:]
    if Int.random(in: 0..<10, using: &random) == 0 { command["expectedVersion"] = .int(version) }
    return .object(command)
  }

  private func settle(_ commands: [JSON], atomic: Bool) async -> [JSON] {
    var sendings = 0
    while end.map({ ContinuousClock().now < $0 }) ?? true {
      do throws(TestClientError) {
        let client = try connected()
        sendings += 1
        let outcomes = try await client.submit(commands, atomic: atomic).outcomes
        if sendings > 1 { acknowledgements.repeated += 1 }
        return outcomes
      } catch {
        switch error {
        case .notConnected: await Patience.pass(.milliseconds(5))
        case .connectionLost: connection = nil
        case .reply("org.plannerd.planner.DatabaseUnavailable", _): continue
        case .reply(let name, let parameters):
          acknowledgements.complain("\(name) \(parameters.text)")
          stop()
          return []
        }
      }
    }
    acknowledgements.complain("no answer for \(LoadClient.patience)")
    return []
  }

  private func connected() throws(TestClientError) -> TestClient {
    if let connection, !connection.isClosed { return connection }
    let new = try TestClient(socket)
    connection = new
    return new
  }
}
