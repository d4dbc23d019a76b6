internal import CLinux
import Glibc

/// What the system said no to: a call, its errno and where.
package struct SystemError: Error, CustomStringConvertible {
  package let call: String
  package let code: Int32
  package let context: String

  package init(_ call: String, context: String = "", code: Int32 = errno) {
    self.call = call
    self.code = code
    self.context = context
  }

  package var description: String {
    let reason = unsafe String(cString: strerror(code))
    return context.isEmpty ? "\(call): \(reason)" : "\(call) \(context): \(reason)"
  }
}

/// A child process of the loop's thread, reaped by the loop.
///
/// The thread matters: a parent-death signal is sent when the *thread* that forked ends, and the loop's
/// thread lives as long as the process.
@EventLoop
package final class ChildProcess {
  /// How to start it. Descriptors of nil are /dev/null.
  package struct Options: Sendable {
    package var arguments: [String]
    package var environment: [String: String] = [:]
    package var directory: String?
    package var standardInput: Int32?
    package var standardOutput: Int32?
    package var standardError: Int32?
    /// Sent to the child by the kernel when this process dies.
    package var parentDeathSignal: Int32 = 0
    package var newSession = false
    package var user: (uid: UInt32, gid: UInt32)?

    package init(_ arguments: [String]) {
      self.arguments = arguments
    }
  }

  package let pid: Int32
  /// The exit code, or 128 + the signal; nil while it runs.
  package private(set) var status: Int32?
  private let exited = Signal()
  private var watch: Watch?

  /// Starts a program by its full path, the first of the arguments.
  package init(_ options: Options) throws(SystemError) {
    pid = try ChildProcess.spawn(options)
    let descriptor = clinux_pidfd_open(pid)
    guard descriptor >= 0 else {
      let error = SystemError("pidfd_open", context: options.arguments[0])
      kill(pid, SIGKILL)
      throw error
    }
    watch = EventLoop.watch(descriptor, for: .read) { [self] _ in reap() }
  }

  /// Waits for the end of the process and gives its status.
  package func wait() async -> Int32 {
    await exited.wait()
    return status ?? 255
  }

  /// Sends a signal, unless the process has ended.
  package func send(_ signal: Int32) {
    if status == nil { kill(pid, signal) }
  }

  private func reap() {
    var code: Int32 = 0
    guard unsafe clinux_wait(pid, 1, &code) == pid else { return }
    status = code
    if let watch {
      watch.cancel()
      close(watch.descriptor)
    }
    watch = nil
    exited.fire()
  }

  private static func spawn(_ options: Options) throws(SystemError) -> pid_t {
    let arguments = unsafe options.arguments.map { unsafe strdup($0) } + [nil]
    let environment = unsafe options.environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
    let directory = unsafe options.directory.map { unsafe strdup($0)! }
    defer {
      for index in unsafe arguments.indices { unsafe free(arguments[index]) }
      for index in unsafe environment.indices { unsafe free(environment[index]) }
      unsafe free(directory)
    }
    let pid = unsafe arguments.withUnsafeBufferPointer { arguments in
      unsafe environment.withUnsafeBufferPointer { environment in
        var raw = unsafe clinux_spawn_options()
        unsafe raw.path = UnsafePointer(arguments[0])
        unsafe raw.argv = arguments.baseAddress
        unsafe raw.envp = environment.baseAddress
        unsafe raw.directory = directory.map { unsafe UnsafePointer($0) }
        unsafe raw.stdin_fd = options.standardInput ?? -1
        unsafe raw.stdout_fd = options.standardOutput ?? -1
        unsafe raw.stderr_fd = options.standardError ?? -1
        unsafe raw.parent_death_signal = options.parentDeathSignal
        unsafe raw.new_session = options.newSession ? 1 : 0
        unsafe raw.switch_user = options.user == nil ? 0 : 1
        unsafe raw.uid = options.user?.uid ?? 0
        unsafe raw.gid = options.user?.gid ?? 0
        return unsafe clinux_spawn(&raw)
      }
    }
    guard pid > 0 else { throw SystemError("exec", context: options.arguments[0]) }
    return pid
  }
}
