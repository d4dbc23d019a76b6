import EventLog
import Files

/// What the daemon was told on its command line.
struct Options {
  var dataFolder = Options.defaultDataFolder
  private(set) var socket = ""
  var database: String?
  var schemaFolder = Options.shipped("schema")
  var projectionsFolder = Options.shipped("projections")
  var group: String?
  var authority: String?
  var connections = 1_024
  var connectionsPerUser = 64
  var accessDays = 400
  var recordsReads = false
  /// MiB of answers that are kept as long as they are true.
  private(set) var keptAnswers = 32
  /// How often each view is compared with a fresh fold of the log; nil is never.
  private(set) var proofInterval: Duration? = .seconds(3_600)

  /// What there was to do instead of running.
  enum Early: Error {
    case show(String)
    case usage(String)
  }

  static let help = """
    usage: plannerd [OPTION]…
           plannerd --test-projection FOLDER… [--seed N]

    Serves planners on a Unix socket, from an event log in Postgres.

      --data FOLDER            what the daemon keeps: its private Postgres, its lock
                               (default: /var/lib/plannerd for root, else
                               $XDG_STATE_HOME/plannerd or ~/.local/state/plannerd)
      --socket PATH            where to listen (default: /run/plannerd/plannerd.sock for root, else
                               $XDG_RUNTIME_DIR/plannerd/plannerd.sock)
      --group NAME             the group whose members may connect (mode 0660)
      --database URL           a Postgres of version 15 or later instead of a private one; its user
                               must be able to create roles and own the database
      --schema FOLDER          migrations and functions (default: beside the program)
      --projections FOLDER     the projections to run (default: beside the program)
      --authority NAME         what uids belong to, where several machines share a database (default:
                               this machine's id at first start)
      --connections N          at most, in all (default: 1024)
      --connections-per-user N at most, of one user (default: 64)
      --access-days N          how long attempts that wrote nothing are kept (default: 400)
      --prove-every SECONDS    how often each view is compared with a fresh fold of the log, in the
                               background; 0 is never (default: 3600)
      --kept-answers MIB       how much of answers to views is kept as long as they are true; 0 is none
                               (default: 32)
      --record-reads           write reads to the access record as well
      --version
      --help

    With --test-projection it runs the tests of projection folders on a Postgres that is thrown away,
    and serves nobody.

    Signals: SIGTERM and SIGINT stop it in order, SIGHUP reads the projections again.
    """

  init(_ arguments: [String]) throws(Early) {
    var givenSocket = Options.defaultSocket
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      func value() throws(Early) -> String {
        if parts.count == 2 { return String(parts[1]) }
        guard let next = rest.popFirst() else { throw .usage("\(name) needs a value") }
        return next
      }
      func number(_ range: ClosedRange<Int>) throws(Early) -> Int {
        let text = try value()
        guard let number = Int(text), range.contains(number) else {
          throw .usage("\(name) must be \(range.lowerBound) to \(range.upperBound), not \(text)")
        }
        return number
      }
      switch name {
      case "--data": dataFolder = try value()
      case "--socket": givenSocket = try value()
      case "--group": group = try value()
      case "--database": database = try value()
      case "--schema": schemaFolder = try value()
      case "--projections": projectionsFolder = try value()
      case "--authority": authority = try value()
      case "--connections": connections = try number(1...65_536)
      case "--connections-per-user": connectionsPerUser = try number(1...65_536)
      case "--access-days": accessDays = try number(1...36_500)
      case "--prove-every":
        let seconds = try number(0...31_536_000)
        proofInterval = seconds == 0 ? nil : .seconds(seconds)
      case "--kept-answers": keptAnswers = try number(0...4_096)
      case "--record-reads": recordsReads = true
      case "--version": throw .show("plannerd \(Version.text)")
      case "--help", "-h": throw .show(Options.help)
      default: throw .usage("\(name) is no option")
      }
    }
    guard let givenSocket else {
      throw .usage("--socket is needed where XDG_RUNTIME_DIR is not set")
    }
    socket = givenSocket
  }

  private static var isRoot: Bool { SystemUser.current?.isRoot == true }

  private static var defaultDataFolder: String {
    if isRoot { return "/var/lib/plannerd" }
    let state =
      Environment.value("XDG_STATE_HOME") ?? "\(Environment.value("HOME") ?? "/tmp")/.local/state"
    return "\(state)/plannerd"
  }

  /// Where the client looks for it; nil where there is no such place.
  private static var defaultSocket: String? {
    if isRoot { return "/run/plannerd/plannerd.sock" }
    return Environment.value("XDG_RUNTIME_DIR").map { "\($0)/plannerd/plannerd.sock" }
  }

  /// A folder of the source tree: in the nearest folder above the program that has it.
  static func shipped(_ name: String) -> String {
    var folder = Files.folder(of: Files.executable)
    while folder != "/" {
      if Files.exists("\(folder)/schema/bootstrap.sql"), Files.isFolder("\(folder)/\(name)") {
        return "\(folder)/\(name)"
      }
      folder = Files.folder(of: folder)
    }
    return "/usr/share/plannerd/\(name)"
  }
}

enum Version {
  static let text = "0.1.0"
}
