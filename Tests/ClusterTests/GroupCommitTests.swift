import EventLog
import EventLoop
import Postgres
import Scalars
import TestSupport
import Testing

@Suite(.clusterTurns) struct GroupCommitTests {
  @Test @EventLoop func `positions and versions follow one another`() async throws {
    let log = try await LogFixture()
    #expect(
      try await log.submit([log.command(.add(1)), log.command(.add(2))]) == [
        "applied 1-1 v1", "applied 2-2 v2",
      ])
    #expect(try await log.submit([log.command(.add(3))]) == ["applied 3-3 v3"])
    #expect(try await log.problems() == [])
    #expect(log.tail.head == 3)
  }

  @Test @EventLoop func `a rejection leaves its neighbours alone`() async throws {
    let log = try await LogFixture()
    let outcomes = try await log.submit([
      log.command(.add(1)), log.command(.add(-5)), log.command(.add(2)),
    ])
    #expect(outcomes == ["applied 1-1 v1", "rejected belowZero", "applied 2-2 v2"])
  }

  @Test @EventLoop func `the same command again gets its first outcome and adds nothing`()
    async throws
  {
    let log = try await LogFixture()
    let id = log.newID()
    #expect(try await log.submit([log.command(.add(1), id: id)]) == ["applied 1-1 v1"])
    _ = try await log.submit([log.command(.add(9))])
    #expect(try await log.submit([log.command(.add(1), id: id)]) == ["duplicate 1-1 v1"])
    #expect(try await log.submit([log.command(.add(2), id: id)]) == ["idReused 1-1 v1"])
    #expect(log.tail.head == 2)
  }

  @Test @EventLoop func `each of several with one id is told by its own body`() async throws {
    let log = try await LogFixture()
    let id = log.newID()
    _ = try await log.submit([log.command(.add(1), id: id)])
    for (amounts, words) in [
      ([1, 2], ["duplicate 1-1 v1", "idReused 1-1 v1"]),
      ([2, 1], ["idReused 1-1 v1", "duplicate 1-1 v1"]),
      ([-5, 1, 2], ["idReused 1-1 v1", "duplicate 1-1 v1", "idReused 1-1 v1"]),
    ] {
      #expect(try await log.submit(amounts.map { log.command(.add($0), id: id) }) == words)
    }
  }

  @Test(arguments: [true, false]) @EventLoop
  func `a batch that another daemon has applied at once is a duplicate as a whole`(atomic: Bool)
    async throws
  {
    let first = try await LogFixture()
    let second = first.secondWriter()
    for round in 0..<20 {
      _ = try await first.submit([first.command(.add(1))])
      // It takes the counter back to zero, so that what comes second would be refused.
      let commands = [-1, 0, 0].map { first.command(.add($0)) }
      let batch = first.batch(commands, atomic: atomic)
      async let one = first.log.submit(batch)
      async let two = second.submit(batch)
      let words = [
        try await one.outcomes.map(LogFixture.word), try await two.outcomes.map(LogFixture.word),
      ].sorted { $0[0] < $1[0] }
      let places = (2...4).map { "\(4 * round + $0)-\(4 * round + $0) v\(4 * round + $0)" }
      #expect(words == [places.map { "applied \($0)" }, places.map { "duplicate \($0)" }])
    }
    #expect(try await first.problems() == [])
  }

  @Test @EventLoop func `a duplicate that would be rejected by now is still a duplicate`()
    async throws
  {
    let log = try await LogFixture()
    let id = log.newID()
    _ = try await log.submit([log.command(.add(1))])
    #expect(try await log.submit([log.command(.add(-1), id: id)]) == ["applied 2-2 v2"])
    #expect(
      try await log.submit([log.command(.add(-1), id: id), log.command(.add(4))]) == [
        "duplicate 2-2 v2", "applied 3-3 v3",
      ])
  }

  @Test @EventLoop func `a duplicate within one batch is found`() async throws {
    let log = try await LogFixture()
    let id = log.newID()
    let outcomes = try await log.submit([
      log.command(.add(1)), log.command(.add(2), id: id), log.command(.add(2), id: id),
      log.command(.add(3), id: id),
    ])
    #expect(
      outcomes == ["applied 1-1 v1", "applied 2-2 v2", "duplicate 2-2 v2", "idReused 2-2 v2"])
  }

  @Test @EventLoop func `expectedVersion is that before the batch`() async throws {
    let log = try await LogFixture()
    let outcomes = try await log.submit([
      log.command(.add(1), expecting: 0), log.command(.add(1), expecting: 0),
      log.command(.add(1), expecting: 1),
    ])
    #expect(outcomes == ["applied 1-1 v1", "applied 2-2 v2", "conflict 1/0"])
  }

  @Test @EventLoop func `an atomic batch is all or nothing`() async throws {
    let log = try await LogFixture()
    let bad = try await log.submit([log.command(.add(1)), log.command(.add(-5))], atomic: true)
    #expect(bad == ["withheld", "rejected belowZero"])
    #expect(log.tail.head == 0)
    let id = log.newID()
    let good = try await log.submit(
      [log.command(.add(1), id: id), log.command(.add(2))], atomic: true)
    #expect(good == ["applied 1-1 v1", "applied 2-2 v2"])
    let again = try await log.submit(
      [log.command(.add(1), id: id), log.command(.add(3))], atomic: true)
    #expect(again == ["duplicate 1-1 v1", "applied 3-3 v3"])
  }

  @Test @EventLoop func `a dry run decides and writes nothing`() async throws {
    let log = try await LogFixture()
    #expect(
      try await log.submit([log.command(.add(1)), log.command(.add(-2))], dryRun: true) == [
        "applied v1", "rejected belowZero",
      ])
    #expect(try await log.reader.head() == 0)
    #expect(try await log.submit([log.command(.add(1))]) == ["applied 1-1 v1"])
  }

  @Test @EventLoop func `a command may write to two streams`() async throws {
    let log = try await LogFixture()
    let person = LogFixture.id(99)
    let id = log.newID()
    #expect(
      try await log.submit([log.command(.addGreeting(person: person), id: id)]) == [
        "applied 1-2 v1"
      ])
    #expect(
      try await log.submit([log.command(.addGreeting(person: person)), log.command(.add(1))]) == [
        "applied 3-4 v2", "applied 5-5 v3",
      ])
    #expect(
      try await log.submit([log.command(.addGreeting(person: person), id: id)]) == [
        "duplicate 1-2 v1"
      ])
    #expect(try await log.problems() == [])
  }

  @Test @EventLoop func `data that Postgres refuses fails its own command alone`() async throws {
    let log = try await LogFixture()
    let outcomes = try await log.submit([
      log.command(.add(1)), log.command(.addUnstorable), log.command(.add(2)),
    ])
    #expect(outcomes == ["applied 1-1 v1", "unstorable", "applied 2-2 v2"])
  }

  @Test @EventLoop func `data that Postgres refuses leaves other callers of the group alone`()
    async throws
  {
    let log = try await LogFixture()
    let tasks = (0..<9).map { caller in
      Task { @EventLoop in
        let stream = StreamID(category: "counter", id: LogFixture.id(caller + 1))
        let command: CounterDecider.Command = caller == 4 ? .addUnstorable : .add(1)
        let batch = log.batch([log.command(command)], stream: stream)
        return try await log.log.submit(batch).outcomes.map(LogFixture.word)
      }
    }
    for (caller, task) in tasks.enumerated() {
      let answer = try await task.value
      #expect(caller == 4 ? answer == ["unstorable"] : answer[0].hasPrefix("applied"))
    }
    #expect(try await log.reader.head() == 8)
    #expect(try await log.problems() == [])
  }

  @Test @EventLoop func `batches of many callers share transactions and stay apart`() async throws {
    let log = try await LogFixture()
    let tasks = (0..<50).map { caller in
      Task { @EventLoop in
        let stream = StreamID(category: "counter", id: LogFixture.id(caller % 7 + 1))
        let batch = log.batch([log.command(.add(1)), log.command(.add(-1_000))], stream: stream)
        return try await log.log.submit(batch).outcomes.map(LogFixture.word)
      }
    }
    var answers: [[String]] = []
    for task in tasks { answers.append(try await task.value) }
    #expect(answers.count == 50)
    #expect(answers.allSatisfy { $0[0].hasPrefix("applied") && $0[1] == "rejected belowZero" })
    #expect(try await log.reader.head() == 50)
    #expect(try await log.problems() == [])
  }

  @Test @EventLoop func `a group has the states of a bounded number of streams`() async throws {
    let log = try await LogFixture()
    let tasks = (1...200).map { number in
      Task { @EventLoop in
        let stream = StreamID(category: "counter", id: LogFixture.id(number))
        let batch = log.batch([log.command(.add(1))], stream: stream)
        return try await log.log.submit(batch).outcomes.map(LogFixture.word)
      }
    }
    for task in tasks { #expect(try await task.value[0].hasPrefix("applied")) }
    #expect(try await log.reader.head() == 200)
    let connection = try await log.database.connect()
    let rows = try await connection.run([
      Query(
        Statement(
          "SELECT max(n) FROM (SELECT count(*) AS n FROM log.events GROUP BY xmin::text) AS groups")
      )
    ])[0]
    connection.close()
    // They share transactions, but not one.
    #expect((2...64).contains(try #require(rows.int(0, 0))))
    #expect(try await log.problems() == [])
  }

  @Test @EventLoop func `two daemons on one database do not step on each other`() async throws {
    let first = try await LogFixture()
    let second = first.secondWriter()
    for round in 0..<10 {
      let one = try await first.submit([first.command(.add(1))])
      let two = try await second.submit(
        first.batch([first.command(.add(-1)), first.command(.add(-1))]))
      #expect(one == ["applied \(2 * round + 1)-\(2 * round + 1) v\(2 * round + 1)"])
      #expect(two.outcomes.map(LogFixture.word)[1] == "rejected belowZero")
    }
    #expect(try await first.problems() == [])
  }

  @Test @EventLoop func `a daemon that knows another schema is refused`() async throws {
    let log = try await LogFixture()
    let old = GroupCommit(
      CounterDecider(), session: log.session, tail: log.tail, schemaVersion: 1,
      clock: { Instant("2026-11-21T12:00:00Z")! })
    await #expect(throws: LogFault.self) { try await old.submit(log.batch([log.command(.add(1))])) }
    #expect(try await log.reader.head() == 0)
  }
}
