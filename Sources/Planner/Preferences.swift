/// What a person prefers; a new one holds the defaults.
package struct Preferences: Record {
  /// The weights of a score's terms, which sum to 100.
  package var urgency = 40
  package var priority = 35
  package var impact = 15
  package var effort = 10
  /// A name of the IANA database.
  package var timezone = Text("UTC")
  package var workStart = TimeOfDay(hour: 9)
  package var workEnd = TimeOfDay(hour: 17)
  package var weekStart = Weekday.monday
  package var habitLearning = true
  /// The canonical text of a JSON object.
  package var extra: Text?

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

  var weightSum: Int { urgency + priority + impact + effort }
}
