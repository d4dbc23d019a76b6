internal import EventLoop
internal import Postgres
internal import Scalars

/// The right to fold a projection or to be at a job, until another daemon takes it: each transaction checks the epoch.
struct Lease: Sendable, Equatable {
  let name: String
  let epoch: Int

  static func name(ofProjection projection: String) -> String { "projection \(projection)" }
  static func name(ofJob job: Int) -> String { "job \(job)" }
}

/// What this daemon is at, among the daemons on the database: each says several times in a second that it is there, and
/// is given its share.
@EventLoop
final class Leases {
  let daemonID: UUID
  /// Called when leases came or went.
  var onChange: () -> Void = {}
  /// Called after each sign of life.
  var onBeat: () async -> Void = {}
  /// Called when builds came, went or changed places, or scopes were parked, by whichever daemon.
  var onBuildsChange: () async -> Void = {}

  private let session: Session
  private var epochs: [String: Int] = [:]
  private var fingerprint: String?
  private var isStopped = false

  private static let interval = Duration.milliseconds(500)

  /// `info` is of the projector's role.
  init(_ info: ConnectionInfo, daemonID: UUID) {
    self.daemonID = daemonID
    // Not the projector's, which may be at a long fold.
    session = Session(info)
  }

  /// Takes the place of a daemon that has ended for sure, if there was one, and its share of the work.
  func start(inPlaceOf predecessor: UUID?) async throws(PostgresError) {
    session.start()
    if let predecessor {
      _ = try await session.run(
        Statement("SELECT projection.expel($1)")(.text(predecessor.description)), resend: .allowed)
    }
    try await beat()
    Task { @EventLoop in
      while !isStopped {
        await EventLoop.sleep(Leases.interval)
        if !isStopped { try? await beat() }
      }
    }
  }

  /// Gives all up, so that others need not wait.
  func stop() async {
    isStopped = true
    if session.state == .connected {
      _ = try? await session.run(
        Statement("SELECT projection.expel($1)")(.text(daemonID.description)), resend: .forbidden,
        patience: .zero)
    }
    session.close()
  }

  func lease(ofProjection projection: String) -> Lease? {
    lease(Lease.name(ofProjection: projection))
  }

  private func lease(_ name: String) -> Lease? {
    epochs[name].map { Lease(name: name, epoch: $0) }
  }

  /// Makes a projection this daemon's matter, for what an operator has asked it to do.
  func take(projection: String) async throws(PostgresError) -> Lease {
    if let lease = lease(ofProjection: projection) { return lease }
    let name = Lease.name(ofProjection: projection)
    let rows = try await session.run(
      Leases.takeStatement(.text(name), .text(daemonID.description)), resend: .allowed)
    let lease = Lease(name: name, epoch: rows.int(0, 0)!)
    epochs[name] = lease.epoch
    onChange()
    return lease
  }

  private static let takeStatement = Statement(
    """
    INSERT INTO projection.leases AS l (name, owner, epoch) VALUES ($1, $2, 1)
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, epoch = l.epoch + 1 RETURNING epoch
    """)

  /// The jobs that this daemon should be at, by id.
  var jobs: [Int: Lease] {
    var jobs: [Int: Lease] = [:]
    for (name, epoch) in epochs where name.hasPrefix("job ") {
      guard let id = Int(name.dropFirst("job ".count)) else { continue }
      jobs[id] = Lease(name: name, epoch: epoch)
    }
    return jobs
  }

  /// Forgets the lease of a job that has ended.
  func release(_ lease: Lease) async {
    epochs[lease.name] = nil
    _ = try? await session.run(
      Leases.releaseStatement(.text(lease.name), .int(lease.epoch)), resend: .allowed)
  }

  private static let releaseStatement = Statement(
    "DELETE FROM projection.leases WHERE name = $1 AND epoch = $2")

  /// Learns at once what would be learnt with the next sign of life.
  func beat() async throws(PostgresError) {
    let answers = try await session.run(
      [
        Leases.shareStatement(.text(daemonID.description)), Query(Leases.fingerprintStatement),
      ], resend: .allowed)
    let rows = answers[0]
    let before = epochs
    epochs = Dictionary(
      uniqueKeysWithValues: (0..<rows.count).map { (rows.text($0, 0), rows.int($0, 1)!) })
    let known = fingerprint
    fingerprint = answers[1].text(0, 0)
    if known != fingerprint, known != nil { await onBuildsChange() }
    if before != epochs { onChange() }
    await onBeat()
  }

  private static let shareStatement = Statement(
    "SELECT name, epoch FROM projection.share_work($1)")

  /// Differs whenever another build answers, a scope is parked, a stream was erased, or a job began or ended, which may
  /// have mended rows.
  private static let fingerprintStatement = Statement(
    """
    SELECT concat((SELECT string_agg(build_id || state, ' ' ORDER BY build_id) FROM projection.builds),
                  (SELECT string_agg(concat(build_id, scope, parked_at), ' ' ORDER BY build_id, scope)
                     FROM projection.parked),
                  (SELECT string_agg(concat(stream_id, erased_at), ' ' ORDER BY stream_id)
                     FROM projection.erasures),
                  (SELECT max(job_id) FROM projection.jobs), ' ',
                  (SELECT string_agg(job_id::text, ' ' ORDER BY job_id)
                     FROM projection.jobs WHERE state = 'running'))
    """)
}
