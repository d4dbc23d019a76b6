internal import Files

/// The seeds of random tests.
package enum Seed {
  /// That of `$PLANNERD_TEST_SEED`, else a new one; printed, so that a failure can be run again.
  package static func draw(for test: String) -> UInt64 {
    let seed =
      Environment.value("PLANNERD_TEST_SEED").flatMap { UInt64($0) }
      ?? UInt64.random(in: 0...0xFFFF_FFFF)
    print("\(test): PLANNERD_TEST_SEED=\(seed)")
    return seed
  }
}
