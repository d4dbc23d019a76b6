/// Makes frames that are almost valid calls of the `EchoInterface`.
struct FrameMutator {
  private var generator: SeededGenerator

  private static let valid = [
    #"{"method":"test.echo.Echo","parameters":{"text":"Grüße \u00e9\ud83d\ude00 \\ \" \n"}}"#,
    #"{"method":"test.echo.EchoLater","parameters":{"text":"a"},"more":false,"oneway":true}"#,
    #"{"method":"test.echo.Items","parameters":{"items":[{"name":"a","level":"low","note":null},"#
      + #"{"name":"b","level":"high"}],"labels":{"a":1,"b":-2},"free":{"x":[1,2.5e3]},"share":0.5}}"#,
    #"{"method":"test.echo.Stream","parameters":{"count":3,"bytes":5},"more":true}"#,
    #"{"method":"org.varlink.service.GetInfo","parameters":{}}"#,
    #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"test.echo"}}"#,
  ].map { Array($0.utf8) }

  /// What parsers stumble over.
  private static let pieces = [
    "{", "}", "[", "]", "\"", "\\", ",", ":", "null", "1e999", "-", "0", #"\u0000"#, #"\ud800"#,
    "\0",
  ].map { Array($0.utf8) }

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  /// True in all but one of `count` cases.
  mutating func chance(of count: Int) -> Bool { Int.random(in: 0..<count, using: &generator) > 0 }

  /// Mostly with a NUL at the end.
  mutating func next() -> [UInt8] {
    var frame = Self.valid.randomElement(using: &generator) ?? []
    for _ in 0..<Int.random(in: 1...3, using: &generator) { mutate(&frame) }
    return chance(of: 20) ? frame + [0] : frame
  }

  private mutating func mutate(_ frame: inout [UInt8]) {
    guard !frame.isEmpty else { return }
    let index = Int.random(in: 0..<frame.count, using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: frame[index] = .random(in: 0...255, using: &generator)
    case 1: frame.remove(at: index)
    case 2: frame.removeLast(frame.count - index)
    case 3: frame.insert(frame[index], at: index)
    case 4: frame.insert(contentsOf: frame[index...], at: index)
    default:
      let piece = Self.pieces.randomElement(using: &generator) ?? []
      frame.insert(contentsOf: piece, at: index)
    }
  }
}
