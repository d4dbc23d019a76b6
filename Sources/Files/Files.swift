internal import CLinux
internal import Glibc

/// What the file system said no to.
package struct FileError: Error, CustomStringConvertible {
  package let description: String

  /// The error that a system call has just left in `errno`.
  init(_ path: String) {
    description = unsafe "\(path): \(String(cString: strerror(errno)))"
  }

  init(_ path: String, _ rule: String) {
    description = "\(path) \(rule)"
  }
}

/// Small files and folders, read and written whole.
package enum Files {
  /// Does with files what a user may do with them, where this process is root: what root did itself in a folder of
  /// that user would follow the links that the user puts there.
  package static func acting<Value>(
    as user: SystemUser, _ body: () throws(FileError) -> Value
  ) throws(FileError) -> Value {
    guard geteuid() == 0, !user.isRoot else { return try body() }
    guard clinux_set_file_user(user.uid, user.gid) == 0 else { throw FileError(user.name) }
    defer {
      let restored = clinux_set_file_user(0, getegid())
      precondition(restored == 0, "root is root again")
    }
    return try body()
  }

  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The owner of a file and its permission bits; nil where there is none.
  package static func owner(of path: String) -> (uid: UInt32, mode: UInt32)? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return (status.st_uid, status.st_mode & 0o7777)
  }

  /// The names in a folder, sorted, without those that start with a dot.
  package static func list(_ folder: String) throws(FileError) -> [String] {
    guard let directory = unsafe opendir(folder) else { throw FileError(folder) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  package static func read(_ path: String) throws(FileError) -> String {
    // A pipe in its place would keep the reader waiting.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path) }
    defer { close(descriptor) }
    guard isFile(descriptor) else { throw FileError(path, "is no file") }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError(path) }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: buffer[..<count])
    }
  }

  private static func isFile(_ descriptor: Int32) -> Bool {
    var status = stat()
    return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Writes a file whole: under another name first, flushed, then renamed.
  package static func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws(FileError)
  {
    let temporary = path + ".new"
    remove(temporary)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = unsafe open(temporary, flags, mode)
    guard descriptor >= 0 else { throw FileError(temporary) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError(temporary) }
      written += count
    }
    guard fsync(descriptor) == 0, unsafe rename(temporary, path) == 0 else { throw FileError(path) }
  }

  /// Makes a folder and those above it, where they are missing.
  package static func makeFolder(_ path: String, mode: UInt32 = 0o755) throws(FileError) {
    if isFolder(path) { return }
    let parent = folder(of: path)
    if parent != path { try makeFolder(parent) }
    guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError(path) }
  }

  /// Makes a folder that one user alone may enter, where anyone may have made it before (in `/tmp`). One that is there
  /// must be a folder, no link to one, and belong to that user.
  package static func makePrivateFolder(_ path: String, of user: SystemUser) throws(FileError) {
    try acting(as: user) { () throws(FileError) in
      try makeFolder(folder(of: path))
      guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError(path) }
      let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      defer { if descriptor >= 0 { close(descriptor) } }
      var status = stat()
      guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0, status.st_uid == user.uid
      else { throw FileError(path, "must be a folder of the user \(user.uid), and is not") }
      guard fchmod(descriptor, 0o700) == 0 else { throw FileError(path) }
    }
  }

  /// Deletes a folder if it is empty.
  package static func removeEmptyFolder(_ path: String) {
    _ = unsafe rmdir(path)
  }

  /// Hands a file or folder, or a link by itself, to a user.
  package static func give(_ path: String, toUID uid: UInt32, gid: UInt32) throws(FileError) {
    guard unsafe lchown(path, uid, gid) == 0 else { throw FileError(path) }
  }

  package static func move(_ path: String, to target: String) throws(FileError) {
    guard unsafe rename(path, target) == 0 else { throw FileError(target) }
  }

  /// Deletes a file; a missing one is as good.
  package static func remove(_ path: String) {
    _ = unsafe unlink(path)
  }

  /// Takes an exclusive lock on a file, made where it is missing, for as long as this process lives. Nil where
  /// another process has it.
  package static func lock(_ path: String) throws(FileError) -> Int32? {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(path) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    let code = errno
    close(descriptor)
    if code == EWOULDBLOCK { return nil }
    errno = code
    throw FileError(path)
  }

  /// Opens a file, no link to one, to append to, made where it is missing; the caller closes it.
  package static func openForAppending(_ path: String) throws(FileError) -> Int32 {
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let descriptor = unsafe open(path, flags, 0o600)
    guard descriptor >= 0 else { throw FileError(path) }
    if isFile(descriptor) { return descriptor }
    close(descriptor)
    throw FileError(path, "is no file")
  }

  /// The path up to the last slash.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path from the root, without links.
  package static func absolute(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The program that runs.
  package static var executable: String { absolute("/proc/self/exe") ?? CommandLine.arguments[0] }
}
