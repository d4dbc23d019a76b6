import CLinux
import Glibc

/// Where output goes: standard output, collected and written in large pieces, and standard error.
final class Terminal {
  let style: Style
  let errorStyle: Style
  /// Columns of the terminal, nil where output goes elsewhere.
  let width: Int?
  /// Lines of the terminal, nil where output goes elsewhere or nothing can be drawn over.
  let height: Int?
  /// Columns of the terminal behind standard error.
  let errorWidth: Int?
  private let output: Int32?
  private let errors: Int32?
  private(set) var written: [UInt8] = []
  private(set) var writtenErrors: [UInt8] = []

  /// The process's own standard output and error.
  init(environment: (String) -> String?) {
    let columns = Int(clinux_terminal_width(1))
    let errorColumns = Int(clinux_terminal_width(2))
    width = columns > 0 ? columns : nil
    let canMove = columns > 0 && !["", "dumb"].contains(environment("TERM") ?? "")
    height = canMove ? Int(clinux_terminal_height(1)) : nil
    errorWidth = errorColumns > 0 ? errorColumns : nil
    style = Style(isTerminal: columns > 0, environment: environment)
    errorStyle = Style(isTerminal: errorColumns > 0, environment: environment)
    output = 1
    errors = 2
  }

  /// Keeps what is written, for tests.
  init(collecting width: Int?, height: Int? = nil, style: Style = .plain) {
    self.width = width
    self.height = height
    self.style = style
    errorStyle = style
    errorWidth = nil
    output = nil
    errors = nil
  }

  var text: String { String(decoding: written, as: UTF8.self) }
  var errorText: String { String(decoding: writtenErrors, as: UTF8.self) }

  func print(_ line: String) {
    written += line.utf8
    written.append(0x0A)
    if written.count > 1 << 16 { flush() }
  }

  func print(_ table: Table) {
    for line in table.lines(style, width: width) { print(line) }
  }

  /// Writes to standard output as it is, at once.
  func put(_ text: String) {
    written += text.utf8
    flush()
  }

  /// A line for standard error, after what was printed so far.
  func complain(_ line: String) {
    flush()
    writtenErrors += line.utf8
    writtenErrors.append(0x0A)
    flushErrors()
  }

  /// Writes to standard error as it is, for a line that is drawn over.
  func draw(_ text: String) {
    flush()
    writtenErrors += text.utf8
    flushErrors()
  }

  /// Writes what was printed; ends the program where nobody reads it any more.
  func flush() {
    guard let output else { return }
    Terminal.write(written, to: output)
    written.removeAll(keepingCapacity: true)
  }

  private func flushErrors() {
    guard let errors else { return }
    Terminal.write(writtenErrors, to: errors)
    writtenErrors.removeAll(keepingCapacity: true)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress! + sent, buffer.count - sent)
      }
      if count < 0 {
        if errno == EINTR { continue }
        // The reader has gone (SIGPIPE may be ignored here), or the disk is full.
        exit(ExitCode.fault.rawValue)
      }
      sent += count
    }
  }
}
