import Scalars

/// Which commands count: all but those that a later undo which itself counts has undone.
struct Counting {
  /// By command the undo that has undone it.
  private(set) var undone: [UUID: UUID] = [:]
  /// A command that several undos that count have undone, and those undos, the latest first.
  private(set) var undoneTwice: (command: UUID, undos: [UUID])?

  /// As it is, or as it would be without some commands.
  init(_ past: Past, without commands: Set<UUID> = []) {
    // From the latest on, so that whether an undo counts is known when its turn comes.
    for undo in past.undos.reversed() where undone[undo] == nil && !commands.contains(undo) {
      for target in past.deeds[undo]?.targets ?? [] {
        if let later = undone.updateValue(undo, forKey: target) {
          undoneTwice = (target, (undoneTwice?.undos ?? [later]) + [undo])
        }
      }
    }
  }
}

/// What an undo changes about which commands count.
struct CountingChange {
  /// Commands that no longer count.
  let off: Set<UUID>
  /// Commands that count again.
  let again: Set<UUID>
  /// By command the undo that has undone it, once the change is made.
  let undone: [UUID: UUID]
  /// A command that would have been undone twice, and the undos, the latest first.
  let undoneTwice: (command: UUID, undos: [UUID])?
  private let before: [UUID: UUID]

  enum Side { case actual, target }

  init(_ commands: Set<UUID>, _ past: Past) {
    let (old, new) = (Counting(past), Counting(past, without: commands))
    before = old.undone
    undone = new.undone
    undoneTwice = new.undoneTwice
    off = Set(new.undone.keys).union(commands).filter { old.undone[$0] == nil }
    again = Set(old.undone.keys).filter { new.undone[$0] == nil && !commands.contains($0) }
  }

  var flipped: Set<UUID> { off.union(again) }

  /// Whether a command counts as things are, or once the change is made.
  func counts(_ command: UUID, in side: Side) -> Bool {
    switch side {
    case .actual: before[command] == nil
    case .target: undone[command] == nil && !off.contains(command)
    }
  }

  /// The version of the first of the commands.
  func version(_ past: Past) -> Int {
    flipped.compactMap { past.deeds[$0]?.version }.min() ?? 0
  }

  /// What the commands touched. What undos did follows from the commands that they concern.
  func scope(_ past: Past) -> Set<Entity> {
    var scope: Set<Entity> = []
    for id in flipped where past.deeds[id]?.isUndo == false {
      for step in past.steps(of: id) { if let entity = step.event.entity { scope.insert(entity) } }
    }
    return scope
  }

  /// The events that say so, first those of the commands that no longer count.
  func marks(_ past: Past) -> [Decision] {
    func sorted(_ ids: Set<UUID>) -> [UUID] {
      ids.sorted { past.deeds[$0]?.version ?? 0 < past.deeds[$1]?.version ?? 0 }
    }
    let undos = past.undos.filter { off.contains($0) }
    return sorted(off).map { Decision(.commandUndone($0), undoes: $0) }
      + sorted(again).map { id in
        Decision(
          .commandRedone(id),
          undoes: undos.last { past.deeds[$0]?.targets.contains(id) == true })
      }
  }
}
