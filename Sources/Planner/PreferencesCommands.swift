import JSON

/// Changes the given preferences and resets the cleared ones to their defaults.
package struct ChangePreferences: Equatable, Sendable {
  let urgency: Edit<Int>
  let priority: Edit<Int>
  let impact: Edit<Int>
  let effort: Edit<Int>
  let timezone: Edit<Text>
  let workStart: Edit<TimeOfDay>
  let workEnd: Edit<TimeOfDay>
  let weekStart: Edit<Weekday>
  let habitLearning: Edit<Bool>
  /// The canonical text of a JSON object.
  let extra: Edit<Text>

  /// Bytes of UTF-8.
  static let longestExtra = 16_384

  static let fields = [
    "urgency", "priority", "impact", "effort", "timezone", "workStart", "workEnd", "weekStart",
    "habitLearning", "extra",
  ]

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "changePreferences", fields: ChangePreferences.fields,
      clearable: ChangePreferences.fields)
    urgency = try reader.weight("urgency")
    priority = try reader.weight("priority")
    impact = try reader.weight("impact")
    effort = try reader.weight("effort")
    timezone = reader.edit("timezone", try reader.string("timezone").map { Text($0) })
    workStart = try reader.timeOfDay("workStart")
    workEnd = try reader.timeOfDay("workEnd")
    weekStart = reader.edit("weekStart", try reader.choice("weekStart", .unknownWeekday))
    habitLearning = reader.edit("habitLearning", try reader.bool("habitLearning"))
    extra = reader.edit("extra", try reader.extra())
  }

  func apply(to preferences: inout Preferences) {
    let standard = Preferences()
    preferences.urgency = urgency.applied(to: preferences.urgency, default: standard.urgency)
    preferences.priority = priority.applied(to: preferences.priority, default: standard.priority)
    preferences.impact = impact.applied(to: preferences.impact, default: standard.impact)
    preferences.effort = effort.applied(to: preferences.effort, default: standard.effort)
    preferences.timezone = timezone.applied(to: preferences.timezone, default: standard.timezone)
    preferences.workStart = workStart.applied(
      to: preferences.workStart, default: standard.workStart)
    preferences.workEnd = workEnd.applied(to: preferences.workEnd, default: standard.workEnd)
    preferences.weekStart = weekStart.applied(
      to: preferences.weekStart, default: standard.weekStart)
    preferences.habitLearning = habitLearning.applied(
      to: preferences.habitLearning, default: standard.habitLearning)
    preferences.extra = extra.applied(to: preferences.extra)
  }
}

extension FieldReader {
  fileprivate func weight(_ name: String) throws(Rejection) -> Edit<Int> {
    edit(name, try int(name, in: 0...100, .weightOutOfRange))
  }

  fileprivate func timeOfDay(_ name: String) throws(Rejection) -> Edit<TimeOfDay> {
    edit(
      name,
      try parsed(name, .invalidTimeOfDay, "a time of day written HH:MM") { TimeOfDay($0) })
  }

  fileprivate func extra() throws(Rejection) -> Text? {
    guard let object = try object("extra") else { return nil }
    let bytes = JSON.object(object).canonicalBytes
    let most = ChangePreferences.longestExtra
    guard bytes.count <= most else {
      throw Rejection(
        .extraTooLong, field: field("extra"), limit: String(most),
        "\(field("extra")) has \(bytes.count) bytes; at most \(most) are allowed.")
    }
    return Text(String(decoding: bytes, as: UTF8.self))
  }
}
