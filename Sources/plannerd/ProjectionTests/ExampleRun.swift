import EventLog
import EventLoop
import JSON
import Postgres
import Projections
import Scalars

/// Why a test has failed, in lines.
struct ExampleFailure: Error {
  let lines: [String]

  init(_ lines: String...) { self.lines = lines }
  init(lines: [String]) { self.lines = lines }
}

/// Runs a test on a log that holds its events: folds them in every way that a daemon might, then asks.
@EventLoop
struct ExampleRun {
  let example: ProjectionExample
  let trial: FolderTrial
  let seed: UInt64

  /// The planners with these events; a scoped folder is tried with two, so that rows of one that reach the other's are
  /// seen. Their positions follow each other.
  static let planners = [
    UUID(high: 0x0190_0000_0000_7000, low: 1 << 63 + 1),
    UUID(high: 0x0190_0000_0000_7000, low: 1 << 63 + 2),
  ]

  static func planners(of folder: ProjectionFolder) -> [UUID] {
    folder.category == nil ? [planners[0]] : planners
  }

  private var planners: [UUID] { ExampleRun.planners(of: trial.folder) }
  private var count: Int { example.given.count }
  private var head: Int { count * planners.count }

  func run() async throws(ExampleFailure) {
    let whole = try await fold([0, head], "all at once")
    do throws(TrialFailure) {
      try await trial.prepareQueries(on: whole)
    } catch {
      throw ExampleFailure("\(error)")
    }
    for expectation in example.expectations { try await check(expectation) }
    let single = try await foldOneByOne(like: whole)
    try await foldAtRandom(like: whole)
    try await foldAgain(whole, like: single)
    try await foldAlone(like: whole)
  }

  // MARK: Rows

  private func check(_ expectation: ProjectionExample.Expectation) async throws(ExampleFailure) {
    guard let columns = trial.columns(of: expectation.method) else {
      let methods = trial.methods.joined(separator: ", ")
      throw failure(
        expectation, "method",
        "there is no method \(expectation.method) in the folder, whose methods are: \(methods)")
    }
    let expected = ExpectedRows(expected: expectation.rows, columns: columns)
    if let unknown = expected.unknownColumn {
      let names = columns.map(\.name).joined(separator: ", ")
      throw failure(
        expectation, "rows[\(unknown.row - 1)].\(unknown.name)",
        "\(expectation.method) has no such column; it has \(names)")
    }
    let difference = expected.difference(from: try await answer(expectation))
    if !difference.isEmpty {
      throw ExampleFailure(
        lines: ["\(expectation.method): \(difference[0])"] + difference.dropFirst())
    }
  }

  private func answer(_ expectation: ProjectionExample.Expectation) async throws(ExampleFailure)
    -> [JSON]
  {
    do throws(TrialFailure) {
      return try await trial.ask(
        expectation.method, expectation.parameters,
        scope: trial.folder.category == nil ? nil : planners[0], now: expectation.now)
    } catch {
      if case .question(let parameter, let message) = error {
        throw failure(expectation, "parameters.\(parameter)", message)
      }
      throw ExampleFailure("\(error)")
    }
  }

  private func failure(
    _ expectation: ProjectionExample.Expectation, _ part: String, _ message: String
  ) -> ExampleFailure {
    ExampleFailure("\(example.error(expectation, part, message))")
  }

  // MARK: Folds

  private func fold(_ cuts: [Int], _ manner: String, without parked: UUID? = nil)
    async throws(ExampleFailure) -> FolderTrial.Folded
  {
    var fold = try await begin(without: parked)
    for position in cuts.dropFirst() where position > fold.position {
      try await advance(&fold, upTo: position, manner)
    }
    return fold
  }

  private func begin(without parked: UUID? = nil) async throws(ExampleFailure)
    -> FolderTrial.Folded
  {
    do throws(TrialFailure) {
      return try await trial.begin(without: parked)
    } catch {
      throw ExampleFailure("\(error)")
    }
  }

  private func advance(_ fold: inout FolderTrial.Folded, upTo position: Int, _ manner: String)
    async throws(ExampleFailure)
  {
    let after = fold.position
    do throws(TrialFailure) {
      try await trial.advance(&fold, upTo: position)
    } catch {
      throw ExampleFailure("\(error)", "  folded \(manner), \(stretch(after, position))")
    }
  }

  /// The events of a stretch of the log, in words.
  private func stretch(_ after: Int, _ upTo: Int) -> String {
    func event(_ position: Int) -> String {
      let planner = position > count ? " of the second planner" : ""
      let number = (position - 1) % count
      return "event \(number + 1) (\(example.given[number].type))\(planner)"
    }
    return upTo == after + 1 ? event(upTo) : "\(event(after + 1)) to \(event(upTo))"
  }

  /// Event by event. While the second planner's are folded nothing of the first's may change: in the end it might look
  /// as before, since both have the same events.
  private func foldOneByOne(like whole: FolderTrial.Folded) async throws(ExampleFailure)
    -> FolderTrial.Folded
  {
    let manner = "one by one"
    var single = try await fold(Array(0...count), manner)
    if planners.count > 1, count > 0 {
      var first = try await fold([0, count], "all at once")
      try await require(single, like: first, manner)
      let stride = max(1, count / 100)
      while single.position < head {
        let after = single.position
        let next = min(after + stride, head)
        for position in (after + 1)...next { try await advance(&single, upTo: position, manner) }
        if let difference = try await difference(first, single, scope: planners[0]) {
          throw ExampleFailure(
            lines: ["the second planner's events have changed rows of the first planner"]
              + lines(difference, "before", "after \(stretch(after, next))"))
        }
      }
      try await advance(&first, upTo: head, "in two halves")
      try await require(first, like: whole, "in two halves")
    }
    try await require(single, like: whole, manner)
    return single
  }

  private func foldAtRandom(like whole: FolderTrial.Folded) async throws(ExampleFailure) {
    guard head > 1 else { return }
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2 {
      let inner = (0..<Int.random(in: 1...min(12, head), using: &random)).map { _ in
        Int.random(in: 1...head, using: &random)
      }
      let cuts = [0] + Set(inner).sorted() + [head]
      let manner = "cut at \(cuts.dropFirst().map(String.init).joined(separator: ", "))"
      try await require(try await fold(cuts, manner), like: whole, manner)
    }
  }

  /// A stretch that is delivered again is refused by the checkpoint, and changes nothing.
  private func foldAgain(_ whole: FolderTrial.Folded, like reference: FolderTrial.Folded)
    async throws(ExampleFailure)
  {
    guard head > 0 else { return }
    do throws(TrialFailure) {
      for after in Set([0, head - 1]).sorted() {
        guard try await trial.refusesAgain(whole, after: after, upTo: head) else {
          throw .failed("the checkpoint has let a stretch be folded twice")
        }
      }
    } catch {
      throw ExampleFailure("delivered twice: \(error)")
    }
    try await require(whole, like: reference, "delivered twice")
  }

  /// Each planner's rows are what they would be if there were no other.
  private func foldAlone(like whole: FolderTrial.Folded) async throws(ExampleFailure) {
    guard planners.count > 1, count > 0 else { return }
    for (planner, other) in [(planners[0], planners[1]), (planners[1], planners[0])] {
      let alone = try await fold([0, head], "without the other planner", without: other)
      if let difference = try await difference(alone, whole, scope: planner) {
        throw ExampleFailure(
          lines: ["a planner's rows depend on another planner's events"]
            + lines(difference, "alone", "with another planner"))
      }
    }
  }

  private func require(
    _ fold: FolderTrial.Folded, like whole: FolderTrial.Folded, _ manner: String
  ) async throws(ExampleFailure) {
    guard let difference = try await difference(whole, fold) else { return }
    throw ExampleFailure(
      lines: ["folded \(manner), the rows are others than folded all at once"]
        + lines(difference, "at once", manner))
  }

  private func difference(
    _ first: FolderTrial.Folded, _ second: FolderTrial.Folded, scope: UUID? = nil
  ) async throws(ExampleFailure) -> JSON? {
    do throws(TrialFailure) {
      return try await trial.difference(first, second, scope: scope)
    } catch {
      throw ExampleFailure("\(error)")
    }
  }

  /// The first difference: where it is, and the row on both sides.
  private func lines(_ comparison: JSON, _ first: String, _ second: String) -> [String] {
    guard let difference = comparison["differences"]?[0] else {
      return ["  by their digests: \(comparison["tables"]?.text ?? "")"]
    }
    func row(_ side: String) -> String { difference[side]?.text ?? "no row" }
    let columns = (difference["columns"]?.array ?? []).compactMap(\.string)
    let what = columns.isEmpty ? "" : ", in \(columns.joined(separator: ", "))"
    return [
      "  table \(difference["table"]?.string ?? ""), row \(difference["key"]?.text ?? "")\(what)",
      "  \(first): \(row("before"))", "  \(second): \(row("after"))",
    ]
  }
}

/// Numbers that a seed determines (splitmix64).
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
