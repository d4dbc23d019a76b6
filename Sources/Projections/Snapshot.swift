/// A copy of a scope's rows as of a version of its stream: a whole one, or one with what has changed since and what there is
/// from a whole one on.
struct Snapshot: Equatable, Sendable {
  let id: Int
  /// Of the whole copy.
  let baseID: Int
  /// Of a build over all streams it is a position.
  let version: Int
}
