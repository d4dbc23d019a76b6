import EventLoop
import Files
import Postgres
import TestSupport
import Testing

/// Sizes of the properties: what fits every run, or with `PLANNERD_FULL_SIZE` (ops/test --full) what is promised.
enum Scale {
  static let isFull = Environment.value("PLANNERD_FULL_SIZE") != nil

  static func pick<T>(_ usual: T, full: T) -> T { isFull ? full : usual }
}

extension TestDatabase {
  /// A database whose log is filled as the benchmarks fill theirs: with so many events, a multiple of a thousand for each
  /// of some planners.
  static func filled(events: Int, planners: Int) async throws -> TestDatabase {
    let database = try await TestCluster.database()
    let filled = try await TestProgram.run([
      "\(database.cluster.binFolder)/psql", "-XAtq", "-v", "events=\(events)", "-v",
      "planners=\(planners)", "-f", "\(TestCluster.checkout)/ops/bench/sql/generate.sql",
      database.url,
    ])
    #expect(filled.status == 0, "\(filled.errors)")
    return database
  }

  /// The first value of a query of the superuser's.
  func value(_ sql: String) async throws -> String? {
    let connection = try await connect()
    defer { connection.close() }
    let rows = try await connection.run([Query(Statement(sql))])[0]
    return rows.isEmpty ? nil : rows[0, 0]
  }
}
