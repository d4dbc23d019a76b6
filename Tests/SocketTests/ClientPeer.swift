import Glibc
import JSON
import Scalars
import Synchronization
import Varlink

@testable import planner

/// The far end of a connection whose answers are written before they are asked for: without a thread,
/// and so without anything to wait for.
final class ClientPeer {
  private let far: Int32
  let near: Int32

  init() {
    var ends: [Int32] = [0, 0]
    precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    near = ends[0]
    far = ends[1]
  }

  deinit { close(far) }

  /// Puts bytes on the way to the client.
  func write(_ text: String) -> ClientPeer {
    let bytes = Array(text.utf8)
    precondition(Glibc.write(far, bytes, bytes.count) == bytes.count)
    return self
  }

  func reply(_ parameters: JSON, continues: Bool = false) -> ClientPeer {
    write(JSON.object(["parameters": parameters, "continues": .bool(continues)]).text + "\0")
  }

  func error(_ name: String, _ parameters: JSON = [:]) -> ClientPeer {
    write(JSON.object(["error": .string(name), "parameters": parameters]).text + "\0")
  }

  /// Answers no more: what the client sends arrives, and then it meets the end of the stream.
  func end() -> ClientPeer {
    shutdown(far, Int32(SHUT_WR))
    return self
  }

  /// Is gone altogether: nothing that the client sends arrives.
  func gone() -> ClientPeer {
    shutdown(far, Int32(SHUT_RDWR))
    return self
  }

  /// The calls that have arrived.
  func calls() throws -> [JSON] {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let size = bytes.count
    let count = recv(far, &bytes, size, Int32(MSG_DONTWAIT))
    return try bytes[..<max(0, count)].split(separator: 0).map {
      try JSON.parse(String(decoding: $0, as: UTF8.self))
    }
  }
}

/// Connects to prepared peers, one after the other; after the last nobody listens.
final class ClientPeers {
  private var waiting: [ClientPeer]
  private(set) var used: [ClientPeer] = []

  init(_ peers: [ClientPeer]) { waiting = peers }

  func connect() throws(ClientError) -> VarlinkClient {
    guard !waiting.isEmpty else { throw .unreachable(path: "/gone", code: ECONNREFUSED) }
    let peer = waiting.removeFirst()
    used.append(peer)
    return VarlinkClient(adopting: peer.near)
  }

  /// All calls that arrived, over all connections.
  func calls() throws -> [JSON] {
    var calls: [JSON] = []
    for peer in used { calls += try peer.calls() }
    return calls
  }
}

extension Clock {
  /// Noon UTC of Wednesday 2026-11-25, for ever; `uptime` moves on by a second with each look at it.
  static func fixed(offsetHours: Int = 0) -> Clock {
    let ticks = Mutex(0)
    return Clock(
      now: { Instant(microseconds: 1_795_608_000_000_000) },
      uptime: {
        ticks.withLock { ticks in
          ticks += 1_000
          return ticks
        }
      },
      pause: { _, _ in true },
      local: LocalTime { _ in offsetHours * 3_600 })
  }
}

/// A run of the program against prepared peers.
struct ClientRun {
  let code: ExitCode
  let message: String
  let output: String
  let errors: String
  let calls: [JSON]

  init(_ words: [String], _ peers: [ClientPeer], width: Int? = nil) throws {
    let terminal = Terminal(collecting: width)
    let peers = ClientPeers(peers)
    do throws(Failure) {
      guard
        case .run(let command, let arguments) = try ArgumentParser(commands: CommandTable.commands)
          .parse(words)
      else { preconditionFailure("no command: \(words)") }
      let session = Session(
        GlobalOptions(arguments), clock: .fixed(), terminal: terminal, environment: { _ in nil },
        connectTo: { _, _ throws(ClientError) in try peers.connect() },
        interruption: { nil })
      try command.run(Invocation(arguments: arguments, session: session, terminal: terminal))
      code = .ok
      message = ""
    } catch {
      code = error.code
      message = error.message
    }
    output = terminal.text
    errors = terminal.errorText
    calls = try peers.calls()
  }
}
