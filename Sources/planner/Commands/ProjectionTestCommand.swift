import Glibc

/// `planner projection test`: becomes the daemon's program in the mode that tests folders, which needs no daemon at work.
enum ProjectionTestCommand {
  static let spec = CommandSpec(
    "projection test", "Run the tests of a folder of projections",
    positionals: [
      PositionalSpec(
        "NAME", .file, count: .oneOrMore, "A projection in ./projections, or the path of a folder")
    ],
    options: [
      OptionSpec(
        "seed", .integer("N", 0...Int.max), "Of the random cuts; the one that a run has printed")
    ],
    details: """
      Folds the events of each test on a Postgres that is thrown away: at once, one by one, at random
      cuts, and delivered twice. No daemon need run, and none is asked. Exits \(ExitCode.fault.rawValue) where a test fails.
      """, run: run)

  @Sendable private static func run(_ invocation: Invocation) throws(Failure) {
    var arguments = ["--test-projection"]
    for name in invocation.arguments.all("NAME") { arguments.append(try folder(name)) }
    if let seed = invocation.arguments["seed"] { arguments += ["--seed", seed] }
    invocation.terminal.flush()
    throw become(try program(), arguments)
  }

  /// The folder that is meant: that path, or a projection below `projections`.
  static func folder(_ name: String) throws(Failure) -> String {
    let candidates = name.contains("/") ? [name] : [name, "projections/\(name)"]
    if let found = candidates.first(where: { exists("\($0)/table.sql") }) { return found }
    if let found = candidates.last(where: exists) { return found }
    throw Failure(
      .notFound,
      "no projection “\(name)”: there is no folder \(candidates.joined(separator: " and no "))")
  }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  // MARK: The daemon's program

  /// `plannerd` beside this program, else on the PATH.
  private static func program() throws(Failure) -> String {
    let path = PlannerCommand.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    let folders = [ownFolder].compactMap { $0 } + path.split(separator: ":").map(String.init)
    for folder in folders where access("\(folder)/plannerd", X_OK) == 0 {
      return "\(folder)/plannerd"
    }
    throw Failure(.fault, "plannerd is neither beside planner nor on the PATH")
  }

  private static var ownFolder: String? {
    guard let resolved = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(resolved) }
    let own = String(cString: resolved)
    return own.lastIndex(of: "/").map { String(own[..<$0]) }
  }

  /// Puts another program in the place of this one, so that signals and exit code are its own. Comes back with an error
  /// only.
  private static func become(_ program: String, _ arguments: [String]) -> Failure {
    let words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    execv(program, words)
    let reason = String(cString: strerror(errno))
    for word in words { free(word) }
    return Failure(.fault, "\(program): \(reason)")
  }
}
