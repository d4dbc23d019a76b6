internal import Glibc

/// An account of the system.
package struct SystemUser: Sendable {
  package let name: String
  package let uid: UInt32
  package let gid: UInt32

  /// The account that this process runs as; nil where its uid has no name.
  package static var current: SystemUser? {
    unsafe getpwuid(geteuid()).map { unsafe SystemUser($0) }
  }

  package static func named(_ name: String) -> SystemUser? {
    unsafe getpwnam(name).map { unsafe SystemUser($0) }
  }

  package var isRoot: Bool { uid == 0 }

  private init(_ entry: UnsafeMutablePointer<passwd>) {
    name = unsafe String(cString: entry.pointee.pw_name)
    uid = unsafe entry.pointee.pw_uid
    gid = unsafe entry.pointee.pw_gid
  }
}

/// The environment of this process.
package enum Environment {
  package static func value(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}

/// A group of the system.
package enum SystemGroup {
  /// The id of a group; nil where there is none of that name.
  package static func named(_ name: String) -> UInt32? {
    unsafe getgrnam(name).map { unsafe $0.pointee.gr_gid }
  }
}
