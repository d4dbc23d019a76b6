import Files
import Scalars

/// What a daemon goes by on its database: an id of this life, and that of the life before in the same data folder, which
/// is over for sure since the folder is locked.
struct DaemonIdentity {
  let id: UUID
  let predecessor: UUID?

  /// Takes the place of the one that is noted in the folder.
  init(dataFolder: String) throws(FileError) {
    let path = "\(dataFolder)/daemon-id"
    predecessor = (try? Files.read(path)).flatMap { UUID($0.split(separator: "\n").first ?? "") }
    var generator = SystemRandomNumberGenerator()
    id = UUID.version7(at: Clock.now(), using: &generator)
    try Files.write("\(id)\n", to: path)
  }
}
