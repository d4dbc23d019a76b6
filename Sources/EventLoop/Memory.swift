internal import CLinux

package enum Memory {
  /// Gives what is free back to the system, on another thread: what was freed lies in between what is in use, and stays
  /// with the process until then.
  package static func giveBack() {
    BlockingThread.run { clinux_give_back_memory() }
  }
}
