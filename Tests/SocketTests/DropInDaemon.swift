import EventLoop
import Files
import Glibc
import JSON
import TestSupport

/// A daemon that runs a copy of the projections, to be changed while it runs.
@EventLoop
struct DropInDaemon {
  let daemon: TestDaemon
  let client: TestClient
  /// The folder of projections.
  let folder: String

  private static var count = 0

  static func start() async throws -> DropInDaemon {
    count += 1
    let folder = "\(TestCluster.folder)/projections-\(count)"
    let copy = try await ForeignProgram.run([
      "cp", "-r", "\(TestCluster.checkout)/projections/.", folder,
    ])
    guard copy.status == 0 else { throw ForeignProgram.Failure(program: "cp", run: copy) }
    let daemon = try TestDaemon(arguments: ["--projections", folder])
    try await daemon.startInTurn()
    return DropInDaemon(daemon: daemon, client: try daemon.client(), folder: folder)
  }

  /// Writes files by their paths below the folder of projections.
  func write(_ files: [String: String]) throws {
    for (path, text) in files {
      try Files.makeFolder(Files.folder(of: "\(folder)/\(path)"))
      try Files.write(text, to: "\(folder)/\(path)")
    }
  }

  func read(_ path: String) throws -> String { try Files.read("\(folder)/\(path)") }

  func reload() async throws -> JSON { try await client.call("org.plannerd.control.Reload") }

  /// What `Health` says of a projection.
  func health(_ projection: String) async throws -> JSON? {
    let health = try await client.call("org.plannerd.control.Health")
    return health["projections"]?.array?.first { $0["name"]?.string == projection }
  }

  func rows(_ method: String) async throws -> JSON? {
    try await client.call("org.plannerd.views.\(method)")["rows"]
  }

  /// Calls a method through the Python package varlink, which opens the interface anew.
  func foreignCall(_ method: String, _ parameters: JSON = [:]) async throws -> JSON {
    try await ForeignProgram.report("call.py", [daemon.socket, method, parameters.text])
  }
}

/// A projection folder that nobody has seen when the daemon was built: how often a planner's pillars changed colour.
enum DropInFolder {
  static let files = [
    "colours/README.md": "How often a planner chose each colour.\n",
    "colours/table.sql": table, "colours/apply.sql": apply, "colours/queries/Colours.sql": query,
  ]

  static let table = """
    -- scope: planner
    CREATE TABLE colours (
      planner_id uuid NOT NULL,
      color text NOT NULL,
      chosen bigint NOT NULL,
      PRIMARY KEY (planner_id, color)
    );
    """

  static let apply = """
    INSERT INTO colours (planner_id, color, chosen)
    SELECT stream_id, data->'after'->>'color', count(*)
    FROM batch
    WHERE data->'after'->>'color' IS NOT NULL AND type IN ('PillarCreated', 'PillarChanged')
    GROUP BY 1, 2
    ON CONFLICT (planner_id, color) DO UPDATE SET chosen = colours.chosen + excluded.chosen;
    """

  static let query = """
    -- The colours that the planner's pillars have had, the most frequent first.
    --
    -- parameters: planner uuid, color text?
    -- never null: color, chosen
    SELECT color, chosen FROM colours
    WHERE planner_id = $1 AND ($2 IS NULL OR color = $2)
    ORDER BY chosen DESC, color
    """
}
