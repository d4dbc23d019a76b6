internal import CLinux

/// Who is at the other end of a connection: what the kernel said when it was accepted.
package struct Peer: Sendable, Hashable {
  package let pid: Int32
  package let uid: UInt32
  package let gid: UInt32

  package init(pid: Int32, uid: UInt32, gid: UInt32) {
    self.pid = pid
    self.uid = uid
    self.gid = gid
  }

  /// Nil where the kernel does not say.
  init?(of descriptor: Int32) {
    var raw = clinux_peer()
    guard unsafe clinux_peer_credentials(descriptor, &raw) == 0 else { return nil }
    self.init(pid: raw.pid, uid: raw.uid, gid: raw.gid)
  }
}
