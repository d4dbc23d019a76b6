import EventLoop
import JSON
import Projections
import Scalars
import Varlink

/// A question that was asked with `more`: answered again whenever its rows have become others.
///
/// Only the newest answer is of interest. While a reader is slow no other one is made for them, so that they get the newest
/// rather than all, and hold up nobody.
@EventLoop
final class LiveView {
  private let call: Call
  private let scope: UUID?
  private let daemon: Daemon
  private let watch: LiveWatch
  private let abandoned = Signal()

  /// Answers are at least this far apart.
  private static let interval = Duration.milliseconds(20)
  /// How long a database that is away is given before it is asked again.
  private static let patience = Duration.milliseconds(250)

  init(_ call: Call, scope: UUID?, daemon: Daemon) {
    self.call = call
    self.scope = scope
    self.daemon = daemon
    watch = daemon.projections.watch(call.method, scope: scope)
  }

  /// Returns when the call is over, or throws why there are no more answers.
  func run() async throws(ViewError) {
    call.onHangUp { [abandoned, watch] in
      abandoned.fire()
      watch.wake()
    }
    defer { watch.end() }
    var parameters = call.parameters
    var last: ArraySlice<UInt8>?
    while !call.isOver {
      if let answer = try await answer(parameters), answer.rows != last {
        last = answer.rows
        guard await call.send(parametersJSON: answer.json) else { return }
      }
      if last != nil { parameters["atLeast"] = nil }
      await EventLoop.sleep(last == nil ? LiveView.patience : LiveView.interval)
      if last != nil { await watch.wait(atMost: untilNextMinute) }
    }
  }

  /// Nil where the database is away.
  private func answer(_ parameters: JSONObject) async throws(ViewError) -> ViewAnswer? {
    let request = ViewRequest(
      method: call.method, scope: scope, parameters: parameters, now: Clock.now(),
      written: call.watermark, abandoned: abandoned)
    do throws(ViewError) {
      return try await daemon.projections.answer(request)
    } catch {
      guard case .unavailable = error else { throw error }
      await EventLoop.sleep(LiveView.patience)
      watch.wake()
      return nil
    }
  }

  /// Answers that depend on the clock do so in whole minutes.
  private var untilNextMinute: Duration? {
    guard watch.usesNow else { return nil }
    return .microseconds(60_000_000 - Clock.now().microseconds % 60_000_000)
  }
}
