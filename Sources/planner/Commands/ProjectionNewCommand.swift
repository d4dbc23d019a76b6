import Glibc

/// `planner projection new`: writes a folder that works as it is, to be changed into what is wanted.
enum ProjectionNewCommand {
  static let spec = CommandSpec(
    "projection new", "Write the folder of a new projection",
    positionals: [PositionalSpec("NAME", .text("NAME"), "Lower-case letters, digits and _")],
    options: [
      OptionSpec("in", .file, "Where to make it (default: ./projections, else here)"),
      OptionSpec(
        "kind", .choice(Kind.allCases.map(\.rawValue)),
        "What it keeps (default: latest)"
      ),
    ],
    details: """
      The folder answers a question of its own, with two tests that pass. Its comments say what to change.
      """, run: run)

  /// The kinds of projections.
  enum Kind: String, CaseIterable {
    case counter, latest, series, all

    func files(_ name: ProjectionName) -> [NewFile] {
      switch self {
      case .counter: ProjectionNewCounter.files(name)
      case .latest: ProjectionNewLatest.files(name)
      case .series: ProjectionNewSeries.files(name)
      case .all: ProjectionNewAll.files(name)
      }
    }
  }

  @Sendable private static func run(_ invocation: Invocation) throws(Failure) {
    let name = try ProjectionName(invocation.required("NAME"))
    let kind = invocation.arguments["kind"].flatMap { Kind(rawValue: $0) } ?? .latest
    let parent = invocation.arguments["in"] ?? (isFolder("projections") ? "projections" : ".")
    guard isFolder(parent) else { throw Failure(.notFound, "\(parent) is no folder") }
    let folder = parent == "." ? name.text : "\(parent)/\(name.text)"
    try write(kind.files(name), to: folder)
    let named = parent == "." || parent == "projections" ? name.text : folder
    invocation.terminal.print(
      TextWidth.sanitized(
        """
        Made \(folder), which answers \(name.method)
        Next:
          planner projection test \(named)
          planner reload
        """, keepingNewlines: true))
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  // MARK: Writing

  private static func write(_ files: [NewFile], to folder: String) throws(Failure) {
    guard mkdir(folder, 0o755) == 0 else {
      if errno == EEXIST {
        throw Failure(.rejected, "\(folder) exists already, and is left as it is")
      }
      throw failure(folder)
    }
    for name in ["queries", "tests"] {
      guard mkdir("\(folder)/\(name)", 0o755) == 0 else { throw failure("\(folder)/\(name)") }
    }
    for file in files { try write(file.text, to: "\(folder)/\(file.path)") }
  }

  private static func write(_ text: String, to path: String) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw failure(path) }
  }

  private static func failure(_ path: String) -> Failure {
    Failure(.fault, "\(path): \(String(cString: strerror(errno)))")
  }
}

/// A file of a new projection, by its path in the folder.
struct NewFile {
  let path: String
  let text: String

  init(_ path: String, _ text: String) {
    self.path = path
    self.text = text + "\n"
  }
}

/// The name of a projection, and of the method that its first query is served as.
struct ProjectionName {
  let text: String
  /// `open_tasks` is `OpenTasks`.
  let method: String

  init(_ text: String) throws(Failure) {
    let letters: ClosedRange<Character> = "a"..."z"
    let digits: ClosedRange<Character> = "0"..."9"
    guard (1...40).contains(text.utf8.count), let first = text.first, letters.contains(first),
      text.utf8.allSatisfy({ $0 < 0x80 }),
      text.allSatisfy({ letters.contains($0) || digits.contains($0) || $0 == "_" })
    else {
      throw .usage(
        "“\(text)” is no name for a projection: 1 to 40 lower-case letters, digits and _, a letter first"
      )
    }
    self.text = text
    method = text.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
