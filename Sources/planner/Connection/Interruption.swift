import CLinux
import Glibc

/// Ctrl-C and SIGTERM as a readable descriptor, for commands that have something to say at their end.
struct Interruption {
  let descriptor: Int32

  /// From here on the two signals no longer end the process.
  static func caught() -> Interruption {
    let signals = [SIGINT, SIGTERM]
    clinux_block_signals(signals, Int32(signals.count))
    return Interruption(descriptor: clinux_signalfd(signals, Int32(signals.count)))
  }
}
