import EventLog
import EventLoop
import Files
import Scalars
import Varlink

/// Who calls, as the kernel says, and what is theirs.
struct Caller {
  let actor: Actor
  let planner: UUID
  /// Root, or the daemon's own user: control and everyone's audit, but nobody else's views.
  let isAdministrator: Bool
}

/// Turns Unix users into people: (authority, uid) → person → planner, by derivation, so that nothing has to be
/// written before it is used and nothing can be opened twice.
@EventLoop
final class People {
  let authority: String
  private let ownUser = SystemUser.current?.uid
  /// By uid, those who have called last.
  private var known: [UInt32: (person: UUID, planner: UUID)] = [:]

  private static let mostKnown = 1_000

  private static let namespace = UUID("6f0c3c5e-8d57-4b0e-9a55-2d9d1f6b7c11")!

  init(authority: String) {
    self.authority = authority
  }

  func caller(_ peer: Peer) -> Caller {
    let ids = ids(of: peer.uid)
    return Caller(
      actor: Actor(personID: ids.person, uid: Int(peer.uid), pid: Int(peer.pid)),
      planner: ids.planner, isAdministrator: peer.uid == 0 || peer.uid == ownUser)
  }

  private func ids(of uid: UInt32) -> (person: UUID, planner: UUID) {
    if let ids = known[uid] { return ids }
    let person = UUID.version5(People.namespace, "person/\(authority)/\(uid)")
    let ids = (person: person, planner: UUID.version5(person, "planner"))
    if known.count >= People.mostKnown { known = [:] }
    known[uid] = ids
    return ids
  }

  /// The authority that the data folder was started with: what was configured, else the machine's id at that time.
  /// It stays when the folder moves to another machine.
  static func authority(configured: String?, dataFolder: String) throws(FileError) -> String {
    if let configured { return configured }
    let path = "\(dataFolder)/authority"
    if let kept = try? Files.read(path), let line = kept.split(separator: "\n").first {
      return String(line)
    }
    var generator = SystemRandomNumberGenerator()
    let machine = ["/etc/machine-id", "/var/lib/dbus/machine-id"].lazy
      .compactMap { try? Files.read($0).split(separator: "\n").first.map { String($0) } }.first
    let authority = machine ?? UUID.version7(at: Clock.now(), using: &generator).description
    try Files.write(authority + "\n", to: path)
    return authority
  }
}
