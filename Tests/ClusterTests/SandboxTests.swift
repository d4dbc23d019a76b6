import EventLog
import EventLoop
import JSON
import Postgres
import TestSupport
import Testing

@testable import Projections

/// What a folder's SQL can do where it answers about other moments: nothing but fill its own tables, which are gone afterwards.
@Suite(.clusterTurns) struct SandboxTests {
  /// What an apply.sql tries, as text for EXECUTE, with NAMESPACE for its build's schema.
  private static let attacks = [
    "UPDATE NAMESPACE.totals SET events = 1000", "DELETE FROM NAMESPACE.totals",
    "INSERT INTO NAMESPACE.totals SELECT gen_random_uuid(), 1", "DELETE FROM log.events",
    "UPDATE projection.builds SET position = 0", "DELETE FROM projection.snapshots",
    "CREATE TABLE public.loot (id int)", "CREATE TABLE NAMESPACE.loot (id int)",
    "CREATE TEMPORARY TABLE loot (id int)", "DROP TABLE NAMESPACE.totals",
    "ALTER TABLE NAMESPACE.totals DISABLE ROW LEVEL SECURITY", "SET TRANSACTION READ WRITE",
    "SET transaction_read_only = off", "SET ROLE plannerd_project", "COMMIT",
    "COPY NAMESPACE.totals TO PROGRAM 'true'", "LOCK TABLE NAMESPACE.totals IN SHARE MODE",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
  ]

  @Test(arguments: attacks) @EventLoop func `a hostile folder changes nothing`(attack: String)
    async throws
  {
    let planner = try await PlannerFixture(projections: ["pillar_averages"])
    // Only where it runs read only; a live fold is the folder's own affair.
    try planner.writeTotals(
      guarding: """
        IF current_setting('transaction_read_only') = 'on' THEN
          PERFORM set_config('default_transaction_read_only', 'off', false);
          EXECUTE replace('\(attack.replacing("'", with: "''"))', 'NAMESPACE',
            (SELECT schema_name FROM projection.builds WHERE projection = 'totals'));
        END IF;
        """)
    #expect(await planner.engine.reload().refused.isEmpty)
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(1), "name": "A"]])
    let count = try await planner.totals()
    for _ in 0..<2 {
      await #expect(throws: ViewError.self) {
        try await planner.ask("Totals", ["asOf": ["position": .int(planner.tail.head)]])
      }
    }
    #expect(try await planner.totals() == count)
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(2), "name": "B"]])
    #expect(try await planner.totals() == count.map { $0 + 1 })
    let rows = try await planner.ask("PillarAverages", ["asOf": ["position": 2]])["rows"]
    #expect(rows?.array?.count == 1)
  }

  @Test @EventLoop func `references between a folder's tables hold there as they do live`()
    async throws
  {
    let planner = try await PlannerFixture(projections: [])
    try planner.write(
      """
      -- scope: planner
      CREATE TABLE pillars (planner_id uuid, pillar uuid, PRIMARY KEY (planner_id, pillar));
      CREATE TABLE names (
        planner_id uuid, pillar uuid, name text, size int GENERATED ALWAYS AS (length(name)) STORED,
        FOREIGN KEY (planner_id, pillar) REFERENCES pillars ON DELETE CASCADE);
      CREATE INDEX names_by_name ON names (planner_id, name);
      """, "names/table.sql")
    try planner.write(
      """
      INSERT INTO pillars SELECT stream_id, (data->>'pillarId')::uuid FROM batch
       WHERE type = 'PillarCreated';
      INSERT INTO names SELECT stream_id, (data->>'pillarId')::uuid, data->'after'->>'name' FROM batch
       WHERE type = 'PillarCreated';
      DELETE FROM pillars USING batch
       WHERE planner_id = stream_id AND type = 'PillarRemoved' AND pillar = (data->>'pillarId')::uuid;
      """, "names/apply.sql")
    try planner.write(
      """
      -- The names of pillars and their lengths.
      -- parameters: planner uuid
      SELECT name, size FROM names WHERE planner_id = $1 ORDER BY name
      """, "names/queries/Names.sql")
    #expect(await planner.engine.reload().refused.isEmpty)
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(1), "name": "Home"]])
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(2), "name": "Body"]])
    planner.engine.historian.spacing = 2
    #expect(await planner.engine.historian.catchUp(), "\(planner.engine.historian.failure ?? "")")
    let both = try await planner.ask("Names")["rows"]
    let head = planner.tail.head
    try await planner.submit(["removePillar": ["pillarId": PlannerFixture.id(1)]])
    let left = try await planner.ask("Names")["rows"]
    #expect(both?.array?.count == 2 && left == [["name": "Body", "size": 4]])
    #expect(try await planner.ask("Names", ["asOf": ["position": .int(head)]])["rows"] == both)
    let now = try await planner.ask("Names", ["asOf": ["position": .int(planner.tail.head)]])
    #expect(now["rows"] == left)
  }

  @Test @EventLoop func `more questions at once than there are sandboxes are all answered`()
    async throws
  {
    let planner = try await PlannerFixture()
    try await planner.submit(["createPillar": ["pillarId": PlannerFixture.id(1), "name": "A"]])
    let head = planner.tail.head
    let questions = (0..<40).map { number in
      Task { @EventLoop in
        try await planner.ask(
          number % 2 == 0 ? "PillarAverages" : "Removed", ["asOf": ["position": .int(head)]])
      }
    }
    for question in questions {
      #expect(try await question.value["position"]?.int == head)
    }
    let connections = try #require(
      try await planner.value(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE usename = 'plannerd_query' AND datname = current_database()
        """))
    #expect(Int(connections)! <= 10)
  }
}
