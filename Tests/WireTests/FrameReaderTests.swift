import Glibc
import Testing
import Varlink

struct FrameReaderTests {
  @Test(arguments: 0..<50 as Range<UInt64>)
  func `gives the same frames however the bytes are cut`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let frames = (0..<200).map { _ -> [UInt8] in
      let longest = Bool.random(using: &generator) ? 20 : 3_000
      let length = Int.random(in: 0...longest, using: &generator)
      return [UInt8](repeating: .random(in: 1...255, using: &generator), count: length)
    }
    let bytes = Array(frames.map { $0 + [0] }.joined())
    var reader = FrameReader(limit: 3_000)
    var got: [[UInt8]] = []
    var index = 0
    while index < bytes.count {
      let end = min(bytes.count, index + Int.random(in: 1...5_000, using: &generator))
      reader.append(bytes[index..<end])
      index = end
      // At times frames are left for later, as they are when a connection has enough to do.
      let most = Bool.random(using: &generator) ? Int.max : 3
      while got.count < most, let range = try reader.next() {
        got.append(Array(reader.bytes[range]))
      }
    }
    while let range = try reader.next() { got.append(Array(reader.bytes[range])) }
    #expect(got == frames)
    #expect(reader.isEmpty)
  }

  @Test func `a frame of the limit is read and one byte more is an error`() throws {
    var reader = FrameReader(limit: 10)
    reader.append([UInt8](repeating: 1, count: 10) + [0])
    #expect(try reader.next() == 0..<10)
    reader.append([UInt8](repeating: 1, count: 11) + [0])
    #expect(throws: FrameReader.TooLong(limit: 10)) { try reader.next() }
  }

  @Test func `a frame over the limit is an error before it has ended`() throws {
    var reader = FrameReader(limit: 10)
    reader.append([UInt8](repeating: 1, count: 10))
    #expect(try reader.next() == nil)
    reader.append([1] as [UInt8])
    #expect(throws: FrameReader.TooLong(limit: 10)) { try reader.next() }
  }

  @Test func `the memory of a long frame is given back`() throws {
    var reader = FrameReader(limit: 1 << 20)
    reader.append([UInt8](repeating: 1, count: 1 << 20) + [0])
    #expect(try reader.next() != nil)
    reader.shrink()
    #expect(reader.bytes.capacity <= 1 << 16)
  }

  @Test func `a long frame in small pieces takes time in proportion to its length`() throws {
    // Of several tries the fastest.
    let short = try (0..<5).map { _ in try time(2_000) }.min()
    let long = try (0..<5).map { _ in try time(32_000) }.min()
    // 16 times the length: 256 times the time if each piece were scanned from the start.
    #expect(try #require(long) < #require(short) * 100)
  }

  /// Seconds of this thread's work, whatever else the machine does.
  private func time(_ pieces: Int) throws -> Double {
    var reader = FrameReader(limit: 1 << 24)
    let start = threadSeconds()
    for _ in 0..<pieces {
      reader.append([UInt8](repeating: 1, count: 64))
      _ = try reader.next()
    }
    reader.append([0] as [UInt8])
    _ = try reader.next()
    return threadSeconds() - start
  }

  private func threadSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }
}
