import JSON

/// Makes a theme of a pillar.
package struct CreateTheme: Equatable, Sendable {
  let themeID: ThemeID
  let pillarID: PillarID
  let name: Text

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "createTheme", fields: ["themeId", "pillarId", "name"])
    themeID = try reader.id()
    pillarID = try reader.id()
    _ = try reader.required("name")
    name = try reader.name()!
  }
}

/// Renames a theme or gives it to another pillar.
package struct ChangeTheme: Equatable, Sendable {
  let themeID: ThemeID
  let pillarID: PillarID?
  let name: Text?

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "changeTheme", fields: ["themeId", "pillarId", "name"], clearable: [])
    themeID = try reader.id()
    pillarID = try reader.optionalID(PillarID.member)
    name = try reader.name()
  }
}

/// Removes a theme with its tasks.
package struct RemoveTheme: Equatable, Sendable {
  let themeID: ThemeID

  init(_ json: JSON) throws(Rejection) {
    themeID = try FieldReader(json, path: "removeTheme", fields: ["themeId"]).id()
  }
}

/// Rates a theme, with a reflection or without.
package struct RateTheme: Equatable, Sendable {
  let themeID: ThemeID
  /// Percent, 0 to 100.
  let rating: Int
  /// Not empty.
  let note: Text?

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "rateTheme", fields: ["themeId", "ratingPercent", "note"])
    themeID = try reader.id()
    _ = try reader.required("ratingPercent")
    rating = try reader.int("ratingPercent", in: 0...100, .ratingOutOfRange)!
    let note = try reader.text("note", atMost: 2_000, .reflectionTooLong)
    self.note = note.flatMap { $0.isEmpty ? nil : $0 }
  }
}
