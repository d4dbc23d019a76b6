import Glibc

/// Reads a descriptor line by line, in large pieces.
struct LineReader {
  let descriptor: Int32
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// The next line without its end, nil after the last.
  mutating func next() -> [UInt8]? {
    var scanned = start
    while true {
      if let end = buffer[scanned...].firstIndex(of: 0x0A) {
        let line = Array(buffer[start..<end])
        start = end + 1
        return line
      }
      scanned = buffer.count
      if isAtEnd { break }
      if start > 0 {
        buffer.removeFirst(start)
        scanned -= start
        start = 0
      }
      fill()
    }
    guard start < buffer.count else { return nil }
    let line = Array(buffer[start...])
    start = buffer.count
    return line
  }

  /// Whether the next line, or the end, can be had without waiting for whoever writes.
  var hasMoreAtOnce: Bool {
    if isAtEnd || buffer[start...].contains(0x0A) { return true }
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, 0) > 0
  }

  private mutating func fill() {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let size = chunk.count
    var count = read(descriptor, &chunk, size)
    while count < 0 && errno == EINTR { count = read(descriptor, &chunk, size) }
    if count <= 0 { isAtEnd = true } else { buffer += chunk[..<count] }
  }
}
