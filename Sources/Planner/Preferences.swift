/// What a person prefers; a new one holds the defaults.
package struct Preferences: Record {
  /// The weights of a score's terms, which sum to 100.
  var urgency = 40
  var priority = 35
  var impact = 15
  var effort = 10
  /// A name of the IANA database.
  var timezone = Text("UTC")
  var workStart = TimeOfDay(hour: 9)
  var workEnd = TimeOfDay(hour: 17)
  var weekStart = Weekday.monday
  var habitLearning = true
  /// The canonical text of a JSON object.
  var extra: Text?

  package init() {}

  package static let schema = Schema<Preferences>(
    StoredField("urgency", \.urgency),
    StoredField("priority", \.priority),
    StoredField("impact", \.impact),
    StoredField("effort", \.effort),
    StoredField("timezone", \.timezone),
    StoredField("workStart", \.workStart),
    StoredField("workEnd", \.workEnd),
    StoredField("weekStart", \.weekStart),
    StoredField("habitLearning", \.habitLearning),
    StoredField("extra", \.extra))

  static let weightFields = schema.mask("urgency", "priority", "impact", "effort")
  static let workFields = schema.mask("workStart", "workEnd")

  var weightSum: Int { urgency + priority + impact + effort }
}
