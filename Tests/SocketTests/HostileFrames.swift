import JSON

/// What a peer sends that is up to no good, and what must come back.
struct HostileFrame {
  enum Expected: Equatable {
    /// The connection ends without a reply.
    case closed
    /// One reply, with this error.
    case error(String)
    /// One reply, whichever.
    case reply
    /// No reply: the call was oneway.
    case silence
    /// A reply or the end of the connection.
    case replyOrClosed
  }

  let kind: Kind
  /// Without the NUL that ends it.
  let bytes: [UInt8]
  let expected: Expected

  enum Kind: CaseIterable {
    case randomBytes, randomText, cut, notACall, tooDeep, invalidUTF8
    case unknownMethod, wrongParameter, unstorable, mutated, oneway, badCommands, long
    /// Cut, and the peer leaves without ending the frame.
    case left
  }
}

/// Frames of all kinds, the same ones for the same seed.
struct HostileFrames {
  private var random: HostileRandom

  init(seed: UInt64) {
    random = HostileRandom(state: seed)
  }

  mutating func next() -> HostileFrame {
    make(HostileFrame.Kind.allCases.randomElement(using: &random)!)
  }

  private mutating func make(_ kind: HostileFrame.Kind) -> HostileFrame {
    switch kind {
    case .randomBytes:
      frame(kind, bytes(1...200) { UInt8.random(in: 1...255, using: &$0) }, .closed)
    case .randomText:
      frame(kind, bytes(1...200) { UInt8.random(in: 0x20...0x7E, using: &$0) }, .closed)
    case .cut, .left: frame(kind, cut(), .closed)
    case .notACall: frame(kind, pick(HostileFrames.notCalls), .closed)
    case .tooDeep: frame(kind, deep(), .closed)
    case .invalidUTF8: frame(kind, invalidUTF8(), .closed)
    case .unknownMethod: unknownMethod()
    case .wrongParameter:
      frame(kind, pick(HostileFrames.wrongParameters), HostileFrames.invalidParameter)
    case .unstorable: frame(kind, pick(HostileFrames.unstorable), HostileFrames.invalidParameter)
    case .mutated: frame(kind, mutated(), .replyOrClosed)
    case .oneway: frame(kind, pick(HostileFrames.oneway), .silence)
    case .badCommands: frame(kind, pick(HostileFrames.badCommands), .reply)
    case .long: long()
    }
  }

  private func frame(
    _ kind: HostileFrame.Kind, _ bytes: [UInt8], _ expected: HostileFrame.Expected
  ) -> HostileFrame {
    HostileFrame(kind: kind, bytes: bytes, expected: expected)
  }

  private static let invalidParameter = HostileFrame.Expected.error(
    "org.varlink.service.InvalidParameter")

  // MARK: Kinds

  private mutating func bytes(
    _ count: ClosedRange<Int>, _ byte: (inout HostileRandom) -> UInt8
  ) -> [UInt8] {
    (0..<Int.random(in: count, using: &random)).map { _ in byte(&random) }
  }

  private mutating func pick(_ texts: [String]) -> [UInt8] {
    Array(texts.randomElement(using: &random)!.utf8)
  }

  private mutating func cut() -> [UInt8] {
    let whole = pick(HostileFrames.calls)
    return Array(whole.prefix(Int.random(in: 0..<whole.count, using: &random)))
  }

  private mutating func deep() -> [UInt8] {
    let depth = Int.random(in: 64...2_000, using: &random)
    let opening = Bool.random(using: &random) ? "[" : #"{"a":"#
    let closing = opening == "[" ? "]" : "}"
    let nested =
      String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)
    return Array(#"{"method":"org.plannerd.planner.Ping","parameters":{"a":\#(nested)}}"#.utf8)
  }

  private mutating func invalidUTF8() -> [UInt8] {
    let wrong: [[UInt8]] = [
      [0xC3, 0x28], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xE2, 0x82],
    ]
    let start = Array(#"{"method":"org.plannerd.planner.Ping","a":""#.utf8)
    return start + wrong.randomElement(using: &random)! + Array(#""}"#.utf8)
  }

  private mutating func unknownMethod() -> HostileFrame {
    let name = String(UInt64.random(in: 0...UInt64.max, using: &random), radix: 36)
    let (method, error) = [
      ("org.plannerd.planner.\(name)", "MethodNotFound"),
      ("org.example.\(name).Ping", "InterfaceNotFound"), (name, "InvalidParameter"),
    ].randomElement(using: &random)!
    return frame(
      .unknownMethod, Array(#"{"method":"\#(method)"}"#.utf8),
      .error("org.varlink.service.\(error)"))
  }

  /// A call with a few bytes changed, taken out or put in.
  private mutating func mutated() -> [UInt8] {
    var bytes = pick(HostileFrames.calls)
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let index = bytes.indices.randomElement(using: &random)!
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes.insert(UInt8.random(in: 1...255, using: &random), at: index)
      case 2:
        let end = min(bytes.count, index + Int.random(in: 1...8, using: &random))
        bytes.removeSubrange(index..<end)
      default: bytes[index] = pick(HostileFrames.calls)[0]
      }
    }
    return bytes.map { $0 == 0 ? 1 : $0 }
  }

  /// Long and well-formed, with a parameter that is none, or over the bound and without an end.
  private mutating func long() -> HostileFrame {
    let isOver = Int.random(in: 0..<100, using: &random) == 0
    let count = isOver ? 1 << 20 : Int.random(in: 0...10_000, using: &random)
    let start = Array(#"{"method":"org.plannerd.planner.Ping","parameters":{""#.utf8)
    let name = [UInt8](repeating: UInt8(ascii: "a"), count: count)
    return frame(
      .long, start + name + Array(#"":1}}"#.utf8), isOver ? .closed : HostileFrames.invalidParameter
    )
  }
}

/// SplitMix64: the same numbers for the same seed.
struct HostileRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
