import EventLoop
import Glibc
import Varlink

// Serves the certification interface on the socket that it is given, until SIGTERM or SIGINT.

guard CommandLine.arguments.count == 2 else {
  say("usage: varlink-certification SOCKET", to: STDERR_FILENO)
  exit(2)
}
let path = CommandLine.arguments[1]

// Blocked before the loop's thread starts, which inherits it: only the wait below sees them.
var signals = sigset_t()
sigemptyset(&signals)
sigaddset(&signals, SIGTERM)
sigaddset(&signals, SIGINT)
pthread_sigmask(SIG_BLOCK, &signals, nil)

Task { @EventLoop in
  do throws(ListenError) {
    try CertificationService.server.listen(path: path)
    say("ready", to: STDOUT_FILENO)
  } catch {
    say("\(error)", to: STDERR_FILENO)
    exit(1)
  }
}

var received: Int32 = 0
sigwait(&signals, &received)
Task { @EventLoop in
  await CertificationService.server.stop()
  exit(0)
}
while true { pause() }

/// Writes a line at once: `print` would keep it while the output is a pipe.
func say(_ line: String, to descriptor: Int32) {
  let bytes = Array("\(line)\n".utf8)
  _ = write(descriptor, bytes, bytes.count)
}
