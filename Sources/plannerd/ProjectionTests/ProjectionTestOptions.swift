import EventLog
import Files

/// What a run of folders' tests was told: `plannerd --test-projection PATH… [--seed N] [--schema FOLDER]`.
struct ProjectionTestOptions {
  static let flag = "--test-projection"

  /// The folders to test, by their absolute paths.
  private(set) var folders: [String] = []
  /// Of the random cuts.
  private(set) var seed = UInt64.random(in: 0..<1_000_000)
  private(set) var schemaFolder = Options.shipped("schema")

  /// Nil where something else is asked for.
  init?(_ arguments: [String]) throws(Options.Early) {
    guard arguments.first == ProjectionTestOptions.flag else { return nil }
    var rest = arguments.dropFirst()
    while let argument = rest.popFirst() {
      switch argument {
      case "--seed":
        guard let text = rest.popFirst(), let number = UInt64(text) else {
          throw .usage("--seed needs a number")
        }
        seed = number
      case "--schema":
        guard let folder = rest.popFirst() else { throw .usage("--schema needs a value") }
        schemaFolder = folder
      default:
        guard !argument.hasPrefix("-") else { throw .usage("\(argument) is no option here") }
        folders.append(try ProjectionTestOptions.folder(argument))
      }
    }
    if folders.isEmpty { throw .usage("\(ProjectionTestOptions.flag) needs the path of a folder") }
  }

  private static func folder(_ path: String) throws(Options.Early) -> String {
    guard let folder = Files.absolute(path), Files.isFolder(folder) else {
      throw .usage("\(path) is no folder")
    }
    return folder
  }
}
