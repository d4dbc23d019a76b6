import CLinux
import EventLog
import EventLoop
import Files
import Glibc
import Postgres
import Projections
import Scalars

/// Runs the tests of folders on a Postgres of their own, and tells each in a line.
@EventLoop
final class ProjectionTestRun {
  private let options: ProjectionTestOptions
  private var cluster: ScratchCluster?
  private var passed = 0
  private var failed = 0
  private let began = ContinuousClock().now

  init(_ options: ProjectionTestOptions) {
    self.options = options
  }

  /// Runs all and ends the process: 0 where all pass, 1 where one fails or none could be run.
  static func main(_ options: ProjectionTestOptions, signals: [Int32]) async -> Never {
    let run = ProjectionTestRun(options)
    let work = Task { @EventLoop in await run.testAll() }
    let descriptor = clinux_signalfd(signals, Int32(signals.count))
    var isInterrupted = false
    let watch = EventLoop.watch(descriptor, for: .read) { _ in
      while let signal = Main.nextSignal(descriptor) {
        // Whoever insists is obeyed at once; Postgres ends with this process.
        if isInterrupted { exit(128 + signal) }
        isInterrupted = true
        Task { @EventLoop in
          await run.cleanUp()
          exit(128 + signal)
        }
      }
    }
    let isGood = await work.value
    // An interruption ends the process when all is deleted.
    if isInterrupted { await Promise<Void>().get() }
    watch.cancel()
    await run.cleanUp()
    exit(isGood ? 0 : 1)
  }

  private var cleaning: Task<Void, Never>?

  /// Deletes the cluster, once it is there: what is being made cannot be deleted.
  private func cleanUp() async {
    let task =
      cleaning
      ?? Task { @EventLoop in
        await starting?.value
        await cluster?.remove()
      }
    cleaning = task
    await task.value
  }

  private var starting: Task<Void, Never>?
  private var startError: String?

  private func testAll() async -> Bool {
    let starting = Task { @EventLoop in await start() }
    self.starting = starting
    await starting.value
    if let startError {
      Log.line(startError)
      return false
    }
    for folder in options.folders where cleaning == nil { await test(folder) }
    if cleaning == nil { tell(summary) }
    return failed == 0
  }

  private func start() async {
    do {
      let cluster = try await ScratchCluster()
      self.cluster = cluster
      try await cluster.start(schema: options.schemaFolder)
    } catch {
      startError = "\(error)"
    }
  }

  private var summary: String {
    let time = ContinuousClock().now - began
    let tenths = Int(time / .milliseconds(100))
    let count = passed + failed
    let result =
      failed > 0
      ? "\(failed) of \(count) failed" : "\(count) \(count == 1 ? "test" : "tests") passed"
    return "\(result) in \(tenths / 10).\(tenths % 10) s (random cuts of seed \(options.seed))"
  }

  // MARK: One folder

  private func test(_ path: String) async {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    let folder: ProjectionFolder
    do throws(ProjectionRefusal) {
      folder = try ProjectionFolder(name: name, at: path)
    } catch {
      return tell(failureOf: name, ["\(error)"])
    }
    let files = ((try? Files.list("\(path)/tests")) ?? []).filter { file in
      file.hasSuffix(".json") || file.hasSuffix(".sql")
    }
    if files.isEmpty {
      return tell(failureOf: name, ["there is no test: no .json and no .sql file in \(path)/tests"])
    }
    for file in files where cleaning == nil { await test(folder, path, "tests/\(file)") }
  }

  private func test(_ folder: ProjectionFolder, _ path: String, _ file: String) async {
    let title = "\(folder.name)/\(file)"
    do {
      let count = try await run(folder, title, try Files.read("\(path)/\(file)"))
      passed += 1
      tell("ok    \(title) (\(count) \(count == 1 ? "event" : "events"))")
    } catch {
      // What fails while all is being deleted says nothing about the folder.
      if cleaning != nil { return }
      let lines = (error as? ExampleFailure)?.lines ?? ["\(error)"]
      tell(failureOf: title, lines)
    }
  }

  /// Runs one test on a database of its own; gives the number of its events.
  private func run(_ folder: ProjectionFolder, _ title: String, _ text: String) async throws -> Int
  {
    guard let cluster else { return 0 }
    let database = try await cluster.database()
    let asking = try await Connection.open(cluster.info("plannerd_query", database))
    defer { asking.close() }
    let example =
      title.hasSuffix(".sql")
      ? try await SQLExampleReader(file: title, connection: asking).read(text)
      : try JSONExampleReader(file: title).read(text)
    try await write(example, folder, cluster, database)
    let trial = try await FolderTrial.open(
      folder, projector: cluster.info("plannerd_project", database),
      query: cluster.info("plannerd_query", database))
    defer { trial.close() }
    try await ExampleRun(example: example, trial: trial, seed: options.seed).run()
    return example.given.count
  }

  private func write(
    _ example: ProjectionExample, _ folder: ProjectionFolder, _ cluster: ScratchCluster,
    _ database: String
  ) async throws {
    let connection = try await Connection.open(cluster.info("plannerd_append", database))
    defer { connection.close() }
    let log = ExampleLog(connection: connection, schemaVersion: cluster.schemaVersion)
    guard var recorded = example.given.first?.occurredAt else { return }
    for planner in ExampleRun.planners(of: folder) {
      try await log.append(example.given, to: planner, recordedFrom: recorded)
      recorded = max(recorded, example.given.map(\.occurredAt).max() ?? recorded)
    }
  }

  private func tell(failureOf title: String, _ lines: [String]) {
    failed += 1
    tell("FAIL  \(title)")
    for line in lines { tell("        \(line)") }
  }

  private func tell(_ line: String) {
    var bytes = Array("\(line)\n".utf8)
    _ = Glibc.write(1, &bytes, bytes.count)
  }
}
