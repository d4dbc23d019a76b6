internal import Glibc

/// A thread for what blocks and has no other form: the loop itself, and libpq's name look-ups.
package final class BlockingThread {
  private let body: () -> Void

  private init(_ body: @escaping () -> Void) {
    self.body = body
  }

  /// Runs a body on a detached thread of its own.
  package static func run(_ body: sending @escaping () -> Void) {
    let argument = unsafe Unmanaged.passRetained(BlockingThread(body)).toOpaque()
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, nil,
      { argument in
        unsafe Unmanaged<BlockingThread>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, argument)
    precondition(result == 0, "no thread: error \(result)")
    pthread_detach(thread)
  }
}
