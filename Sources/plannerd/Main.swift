import CLinux
import EventLog
import EventLoop
import Glibc
import Projections

/// `plannerd`: starts the daemon, and stops it when a signal says so.
@main
struct Main {
  private static let signals = [SIGTERM, SIGINT, SIGHUP]

  static func main() {
    // Before any thread is made, so that all have them blocked and the loop alone reads them.
    clinux_block_signals(signals, Int32(signals.count))
    signal(SIGPIPE, SIG_IGN)
    let arguments = Array(CommandLine.arguments.dropFirst())
    do throws(Options.Early) {
      if let tests = try ProjectionTestOptions(arguments) {
        Task { @EventLoop in await ProjectionTestRun.main(tests, signals: signals) }
      } else {
        let options = try Options(arguments)
        Task { @EventLoop in await run(options) }
      }
      while true { pause() }
    } catch {
      switch error {
      case .show(let text):
        print(text)
        exit(0)
      case .usage(let message):
        Log.line("\(message); see plannerd --help")
        exit(2)
      }
    }
  }

  @EventLoop
  private static func run(_ options: Options) async {
    let stopping = Promise<Void>()
    var daemon: Daemon?
    let descriptor = clinux_signalfd(signals, Int32(signals.count))
    let watch = EventLoop.watch(descriptor, for: .read) { _ in
      while let signal = nextSignal(descriptor) {
        if signal == SIGHUP {
          if let daemon { Task { @EventLoop in await reload(daemon) } }
        } else if daemon != nil {
          stopping.fulfil(())
        } else {
          // Nobody is served yet, and a Postgres that was started stops in order when this process ends.
          Log.line("told to stop before it was ready")
          exit(0)
        }
      }
    }
    defer { watch.cancel() }
    do {
      let started = try await Daemon.start(options)
      daemon = started
      Log.line("ready on \(options.socket)")
    } catch {
      Log.line("\(error)")
      exit(1)
    }
    await stopping.get()
    await daemon?.stop()
    exit(0)
  }

  /// The next signal that came; nil where there is none.
  static func nextSignal(_ descriptor: Int32) -> Int32? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard read(descriptor, &info, size) == size else { return nil }
    return Int32(info.ssi_signo)
  }

  @EventLoop
  private static func reload(_ daemon: Daemon) async {
    let report = await daemon.projections.reload()
    for refusal in report.refused { Log.line("projection refused: \(refusal)") }
    Log.line(
      "projections read again: \(report.added.count) added, \(report.changed.count) changed, \(report.removed.count) removed"
    )
  }
}
