/// A pillar: an area of life.
package struct PillarFields: Record {
  package var name = Text("")
  package var color = Text("#808080")
  package var domain = LifeDomain.personal

  package init() {}

  package static let schema = Schema<PillarFields>(
    StoredField("name", \.name),
    StoredField("color", \.color),
    StoredField("domain", \.domain))
}
