import EventLog
import EventLoop
import Postgres
import Scalars
import TestSupport
import Testing

@Suite(.clusterTurns) struct AppendOnlyTests {
  /// A log with three events.
  @EventLoop
  private func written() async throws -> LogFixture {
    let log = try await LogFixture()
    _ = try await log.submit([
      log.command(.add(1)), log.command(.add(2)),
      log.command(.addGreeting(person: LogFixture.id(5))),
    ])
    return log
  }

  private static let attacks = [
    "UPDATE log.events SET type = 'Forged' WHERE position = 1",
    "UPDATE log.events SET data = NULL, salt = NULL WHERE position = 1",
    "UPDATE log.events SET position = 99 WHERE position = 1",
    "DELETE FROM log.events WHERE position = 4",
    "TRUNCATE log.events",
    "TRUNCATE log.events CASCADE",
    """
    INSERT INTO log.events SELECT 99, category, stream_id, 99, type, data, gen_random_uuid(), command,
      command_hash, duration_us, person_id, uid, pid, recorded_at, occurred_at, undoes, salt, data_hash, hash
      FROM log.events WHERE position = 1
    """,
    "COPY log.events FROM PROGRAM 'true'",
    // What the trigger goes by, in a comment and in a name.
    """
    DO $$ BEGIN
      INSERT INTO log.events /* "
      PL/pgSQL function log.append(integer, */ SELECT 99, category, stream_id, 99, type, data, gen_random_uuid(),
        NULL, NULL, NULL, person_id, uid, pid, recorded_at, occurred_at, undoes, salt, data_hash, hash
        FROM log.events WHERE position = 1;
    END $$
    """,
    """
    DO $$ BEGIN
      INSERT INTO log.events SELECT 99 "
      PL/pgSQL function log.append(integer,", category, stream_id, 99, type, data, gen_random_uuid(),
        NULL, NULL, NULL, person_id, uid, pid, recorded_at, occurred_at, undoes, salt, data_hash, hash
        FROM log.events WHERE position = 1;
    END $$
    """,
    // The very statement, held by what is not log.append.
    """
    DO $$ DECLARE events log.events[];
    BEGIN INSERT INTO log.events SELECT * FROM unnest(events) AS appended (position); END $$
    """,
    """
    DO $body$ BEGIN
      CREATE OR REPLACE FUNCTION pg_temp."log.append("() RETURNS void LANGUAGE plpgsql AS $$
      DECLARE events log.events[] := ARRAY(SELECT e FROM log.events e WHERE position = 1);
      BEGIN INSERT INTO log.events SELECT * FROM unnest(events) AS appended (position); END $$;
      PERFORM pg_temp."log.append("();
    END $body$
    """,
    """
    DO $$ BEGIN
      UPDATE log.events /* function log.erase( */ SET data = NULL, salt = NULL WHERE position = 1;
    END $$
    """,
    "DELETE FROM log.append_lock",
  ]

  @Test(arguments: ["plannerd_append", "plannerd_project", "plannerd_query", "plannerd_erase"])
  @EventLoop
  func `no role of the daemon may change the log`(role: String) async throws {
    let log = try await written()
    let connection = try await log.database.connect(role)
    for attack in Self.attacks {
      let error = await #expect(throws: PostgresError.self, "\(attack)") {
        try await connection.runScript(attack)
      }
      #expect(error?.sqlState == "42501", "\(attack): \(String(describing: error))")
    }
    #expect(try await log.problems() == [])
    #expect(try await log.reader.head() == 4)
  }

  @Test(arguments: [
    "RESET ROLE", "SET ROLE plannerd_owner", "SET session_replication_role = replica",
    "SET ROLE plannerd_eraser",
  ])
  @EventLoop
  func `owner and superuser are refused by triggers`(preparation: String) async throws {
    let log = try await written()
    let connection = try await log.database.connect()
    try await connection.runScript(preparation)
    for attack in Self.attacks {
      let error = await #expect(throws: PostgresError.self, "\(attack)") {
        try await connection.runScript(attack)
      }
      #expect(
        ["PL003", "42501"].contains(error?.sqlState), "\(attack): \(String(describing: error))")
    }
    #expect(try await log.problems() == [])
    #expect(try await log.reader.head() == 4)
  }

  @Test @EventLoop func `no role of the daemon may call what is not for it`() async throws {
    let log = try await written()
    for role in PrivateCluster.loginRoles {
      let connection = try await log.database.connect(role)
      let rows = try await connection.run([
        Query(
          Statement(
            """
            SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'log'::regnamespace
               AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1
            """))
      ])[0]
      let names = (0..<rows.count).map { rows.text($0, 0) }
      switch role {
      case "plannerd_append": #expect(!names.contains("erase") && names.contains("append"))
      case "plannerd_erase": #expect(names == ["erase"])
      case "plannerd_project": #expect(names == ["position_at", "version_at"])
      default: #expect(names == [])
      }
      connection.close()
    }
    let reader = try await log.database.connect("plannerd_query")
    await #expect(throws: PostgresError.self) {
      try await reader.runScript("SELECT data FROM log.events")
    }
  }

  @Test @EventLoop func `erasure empties the payload and leaves the chain whole`() async throws {
    let log = try await written()
    let eraser = try await log.database.connect("plannerd_erase")
    let erase = Statement(
      "SELECT log.erase('counter', $1, 2, '00000000-0000-0000-0000-000000000007', 0, 42)")
    let rows = try await eraser.run([erase(.text(log.stream.id.description))])[0]
    #expect(rows.int(0, 0) == 2)
    #expect(try await log.problems() == [])
    let events = try await log.reader.events(of: [log.stream], after: 0, limit: 10)
    #expect(events.map { $0.data == nil } == [true, true, false, false])
    #expect(events[3].type == "EventsErased")
    // Again: nothing is left to empty, and nothing to record.
    let again = try await eraser.run([erase(.text(log.stream.id.description))])[0]
    #expect(again.int(0, 0) == 0)
    #expect(try await log.reader.head() == 5)
    // The writer goes on from what is left: of 4, the two that are gone had made 3.
    #expect(
      try await log.submit([log.command(.add(-2)), log.command(.add(-1))]) == [
        "rejected belowZero", "applied 6-6 v5",
      ])
  }

  @Test(arguments: [
    ("UPDATE log.events SET data = '{\"amount\": 100}' WHERE position = 2", "2: data differs"),
    ("UPDATE log.events SET person_id = gen_random_uuid() WHERE position = 2", "2: the envelope"),
    (
      "UPDATE log.events SET recorded_at = recorded_at - interval '1 day' WHERE position = 1",
      "1: the envelope"
    ),
    ("DELETE FROM log.events WHERE position = 2", "3: position 3 follows 1"),
    ("UPDATE log.events SET version = 7 WHERE position = 3", "3: version 7"),
    ("UPDATE log.events SET data = NULL, salt = NULL WHERE position = 2", "2: data is empty"),
    (
      """
      ALTER TABLE log.events DROP CONSTRAINT events_check1;
      UPDATE log.events SET data = '{"amount": 9}', salt = NULL WHERE position = 2
      """, "2: data differs"
    ),
    (
      """
      ALTER TABLE log.events ALTER hash DROP NOT NULL;
      UPDATE log.events SET uid = 4711, hash = NULL WHERE position = 2
      """, "2: the envelope"
    ),
    (
      """
      ALTER TABLE log.events DROP CONSTRAINT events_position_check;
      UPDATE log.events SET position = -1 WHERE position = 4
      """, "-1: stands before"
    ),
    ("CREATE TABLE log.more () INHERITS (log.events)", "0: log.more adds rows"),
    (
      "UPDATE log.events SET position = position + 10 WHERE position = 4",
      "14: position 14 follows 3"
    ),
  ])
  @EventLoop
  func `verification finds what someone without triggers has changed`(
    attack: String, problem: String
  )
    async throws
  {
    let log = try await written()
    let owner = try await log.database.connect()
    try await owner.runScript("ALTER TABLE log.events DISABLE TRIGGER USER; \(attack)")
    let problems = try await log.problems()
    #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
  }
}
