extension Decider {
  func change(_ command: ChangePreferences) throws(Rejection) -> [PlannerEvent] {
    let preferences = state.preferences
    var changed = preferences
    command.apply(to: &changed)
    guard let patch = Patch(from: preferences, to: changed) else { throw nothingChanged() }
    try requireWeights(changed)
    try requireWorkHours(changed, command)
    if changed.timezone != preferences.timezone { try requireTimezone(changed.timezone) }
    return [.preferencesChanged(patch)]
  }

  private func requireWeights(_ preferences: Preferences) throws(Rejection) {
    let sum = preferences.weightSum
    guard sum == 100 else {
      throw Rejection(
        .weightsSum, field: "changePreferences", limit: "100",
        "urgency, priority, impact and effort of changePreferences would sum to \(sum), not 100.")
    }
  }

  private func requireWorkHours(
    _ preferences: Preferences, _ command: ChangePreferences
  ) throws(Rejection) {
    guard preferences.workStart < preferences.workEnd else {
      let field = field(command.workStart == .keep ? "workEnd" : "workStart")
      throw Rejection(
        .workHoursOrder, field: field,
        "\(field): work would start at \(preferences.workStart) and end at \(preferences.workEnd).")
    }
  }

  /// Exactly, by bytes: a set of strings compares by canonical equivalence.
  private func requireTimezone(_ timezone: Text) throws(Rejection) {
    guard timezone.string.utf8.allSatisfy({ $0 < 0x80 }),
      context.timezones.contains(timezone.string)
    else {
      throw Rejection(
        .unknownTimezone, field: field("timezone"),
        "\(field("timezone")) is \"\(timezone.string.clipped)\", which is no name of a timezone.")
    }
  }
}
