internal import Glibc

/// Cuts a stream of bytes into frames, each ended by a NUL byte.
///
/// No byte is looked at twice, however the stream is cut on its way.
package struct FrameReader {
  /// A frame was longer than allowed.
  package struct TooLong: Error, Equatable {
    /// In bytes.
    package let limit: Int

    package init(limit: Int) {
      self.limit = limit
    }
  }

  /// The longest frame that is read, in bytes without its NUL.
  package let limit: Int

  /// What has come and was not yet given out starts at `start`; it holds no NUL up to `scanned`.
  package private(set) var bytes: [UInt8] = []
  private var start = 0
  private var scanned = 0

  /// What is kept for the next bytes once all frames are out.
  private static let keptCapacity = 1 << 14

  package init(limit: Int) {
    self.limit = limit
  }

  /// Whether there are bytes that have not been given out.
  package var isEmpty: Bool { start == bytes.count }

  package mutating func append(_ new: some Collection<UInt8>) {
    makeRoom()
    bytes.append(contentsOf: new)
  }

  /// Where in `bytes` the next complete frame is, without its NUL; valid until the next `append`.
  package mutating func next() throws(TooLong) -> Range<Int>? {
    guard let end = nextNUL() else {
      scanned = bytes.count
      guard bytes.count - start <= limit else { throw TooLong(limit: limit) }
      return nil
    }
    guard end - start <= limit else { throw TooLong(limit: limit) }
    defer {
      start = end + 1
      scanned = start
    }
    return start..<end
  }

  private func nextNUL() -> Int? {
    unsafe bytes.withUnsafeBytes { raw in
      guard let base = raw.baseAddress, scanned < raw.count,
        let found = unsafe memchr(base + scanned, 0, raw.count - scanned)
      else { return nil }
      return unsafe UnsafeRawPointer(found) - base
    }
  }

  /// Drops what has been given out.
  private mutating func makeRoom() {
    guard start > 0 else { return }
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
    } else {
      bytes.removeFirst(start)
    }
    scanned -= start
    start = 0
  }

  /// Gives back the memory of a long frame that is out.
  package mutating func shrink() {
    if isEmpty && bytes.capacity > Self.keptCapacity { makeRoom() }
  }
}
