import JSON
import Varlink

/// Sends a call until its outcome is known, for calls that may be repeated: reads, and a Submit, whose
/// command ids make a second sending harmless.
struct Settling {
  /// How long to go on after the first loss, and how long to wait for one reply meanwhile.
  static let patienceMilliseconds = 10_000

  /// The connection at hand, else a new one.
  let connect: () throws(ClientError) -> VarlinkClient
  /// Gives up the connection at hand.
  let disconnect: () -> Void
  /// Milliseconds of a clock that is never set.
  let uptime: () -> Int
  /// Waits some milliseconds; false where that was interrupted.
  let pause: (Int) -> Bool
  /// Told once, when the first answer is lost.
  let onLoss: () -> Void

  enum Ended: Error {
    /// The call has, or had never, an effect: what the peer or the system said.
    case failed(ClientError)
    /// It may have been carried out, and nobody could be asked.
    case unknown(ClientError)
  }

  /// The reply, and whether an earlier sending may have been carried out.
  struct Settled {
    let reply: JSON
    let repeated: Bool
  }

  func call(_ method: String, _ parameters: JSON) throws(Ended) -> Settled {
    var isUnknown = false
    var deadline: Int?
    var delay = 20
    while true {
      let error: ClientError
      do throws(ClientError) {
        let open = try connect()
        open.replyTimeoutMilliseconds = deadline.map { max(500, $0 - uptime()) } ?? 120_000
        let reply = try open.call(method, parameters)
        open.replyTimeoutMilliseconds = nil
        return Settled(reply: reply, repeated: isUnknown)
      } catch let caught {
        error = caught
      }
      switch Settling.verdict(error, hasLost: deadline != nil, isUnknown: isUnknown) {
      case .final: throw .failed(error)
      case .unknown: isUnknown = true
      case .unsent: break
      }
      if deadline == nil {
        deadline = uptime() + Settling.patienceMilliseconds
        onLoss()
      }
      disconnect()
      let left = (deadline ?? 0) - uptime()
      guard left > 0, pause(min(delay, left)) else {
        throw isUnknown ? .unknown(error) : .failed(error)
      }
      delay = min(delay * 2, 1_000)
    }
  }

  private enum Verdict { case final, unknown, unsent }

  /// What an error says about the call: that it is over, that it may have been carried out, or that it
  /// never arrived.
  private static func verdict(_ error: ClientError, hasLost: Bool, isUnknown: Bool) -> Verdict {
    switch error {
    case .unreachable: hasLost ? .unsent : .final
    case .connectionLost(let requestSent): requestSent ? .unknown : .unsent
    case .timedOut, .malformedReply: .unknown
    case .interrupted: .final
    case .reply(let name, let parameters):
      switch ErrorReply.shortName(name) {
      case "DatabaseUnavailable" where parameters["outcomeUnknown"]?.bool == true: .unknown
      // It speaks of this sending only; the lost one before may have arrived.
      case "DatabaseUnavailable", "Fault": isUnknown ? .unsent : .final
      default: .final
      }
    }
  }
}
