package import EventLoop

/// An interface that a `VarlinkServer` serves.
@EventLoop
package protocol VarlinkInterface: AnyObject {
  /// Read once, when it is registered.
  var definition: InterfaceDefinition { get }

  /// Named types whose values the interface checks itself: the server sees only that they are objects.
  var uncheckedTypes: Set<String> { get }

  /// Whether calls bring their frames, under which their replies may be kept.
  var keepsReplies: Bool { get }

  /// Answers a call that needs no waiting, without the cost of a task. True: the call is answered, or
  /// will be by whoever has taken it on. False: it goes to `handle`.
  func handleAtOnce(_ call: Call) -> Bool

  /// Answers a call. Calls of one connection start in the order in which they came, each synchronously up
  /// to its first suspension, and may overlap.
  func handle(_ call: Call) async
}

extension VarlinkInterface {
  package var uncheckedTypes: Set<String> { [] }

  package var keepsReplies: Bool { false }

  package func handleAtOnce(_ call: Call) -> Bool { false }
}
