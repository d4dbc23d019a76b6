import Glibc

/// Where the daemon's socket is looked for.
struct SocketSearch {
  struct Place: Equatable {
    let path: String
    /// What said so: an option, a variable, a default.
    let source: String
  }

  let places: [Place]

  /// A socket that was named stands alone: falling back to another would talk to another daemon.
  init(named: String?, environment: (String) -> String?) {
    if let named {
      places = [Place(path: named, source: "--socket")]
    } else if let path = environment("PLANNERD_SOCKET"), !path.isEmpty {
      places = [Place(path: path, source: "$PLANNERD_SOCKET")]
    } else {
      var places: [Place] = []
      if let folder = environment("XDG_RUNTIME_DIR"), !folder.isEmpty {
        places.append(Place(path: "\(folder)/plannerd/plannerd.sock", source: "$XDG_RUNTIME_DIR"))
      }
      places.append(Place(path: "/run/plannerd/plannerd.sock", source: "the system's daemon"))
      self.places = places
    }
  }

  /// The first place where there is something, else the first.
  func path(exists: (String) -> Bool = { access($0, F_OK) == 0 }) -> String {
    (places.first { exists($0.path) } ?? places[0]).path
  }

  /// Why nobody answered at `path`, and what to do.
  func failure(path: String, code: Int32) -> Failure {
    let reason = String(cString: strerror(code))
    if code == EACCES || code == EPERM {
      return Failure(
        .notPermitted,
        "you may not connect to \(path): \(reason)\nThe socket's group says who may.")
    }
    if code == ENAMETOOLONG {
      return Failure(.usage, "\(path) is too long for a socket: 107 bytes at most")
    }
    let tried = places.map { place in
      let known = place.path == path ? reason : String(cString: strerror(ENOENT))
      return "  \(place.path)  (\(place.source)): \(known)"
    }
    return Failure(
      .noDaemon,
      """
      no daemon answers. Tried:
      \(tried.joined(separator: "\n"))
      Start plannerd (in a checkout: ops/up), or name its socket with --socket PATH or \
      PLANNERD_SOCKET.
      """)
  }
}
