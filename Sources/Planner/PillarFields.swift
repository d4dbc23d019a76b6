/// A pillar: an area of life.
package struct PillarFields: Record {
  var name = Text("")
  var color = Text("#808080")
  var domain = LifeDomain.personal

  package init() {}

  package static let schema = Schema<PillarFields>(
    StoredField("name", \.name),
    StoredField("color", \.color),
    StoredField("domain", \.domain))
}
