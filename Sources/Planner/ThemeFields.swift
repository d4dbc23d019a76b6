import Scalars

/// A theme of a pillar, and how it was last rated.
package struct ThemeFields: Record {
  var pillarID = PillarID(UUID(high: 0, low: 0))
  var name = Text("")
  /// Percent, 0 to 100.
  var rating: Int?
  var previousRating: Int?
  var lastReflectionNote: Text?

  package init() {}

  package static let schema = Schema<ThemeFields>(
    StoredField("pillarId", \.pillarID),
    StoredField("name", \.name),
    StoredField("ratingPercent", \.rating),
    StoredField("previousRating", \.previousRating),
    StoredField("lastReflectionNote", \.lastReflectionNote))

  static let pillarField = schema.mask("pillarId")
  /// What a rating always tells.
  static let ratingFields = schema.mask("ratingPercent", "previousRating")
  static let reflectionFields = ratingFields.union(schema.mask("lastReflectionNote"))
}
