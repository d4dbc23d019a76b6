import JSON

/// Makes a pillar.
package struct CreatePillar: Equatable, Sendable {
  let pillarID: PillarID
  let name: Text
  let color: Text?
  let domain: LifeDomain?

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "createPillar", fields: ["pillarId", "name", "color", "domain"])
    pillarID = try reader.id()
    _ = try reader.required("name")
    name = try reader.name()!
    color = try reader.color()
    domain = try reader.choice("domain", .unknownDomain)
  }
}

/// Changes the given fields of a pillar.
package struct ChangePillar: Equatable, Sendable {
  let pillarID: PillarID
  let name: Text?
  let color: Text?
  let domain: LifeDomain?

  init(_ json: JSON) throws(Rejection) {
    let reader = try FieldReader(
      json, path: "changePillar", fields: ["pillarId", "name", "color", "domain"], clearable: [])
    pillarID = try reader.id()
    name = try reader.name()
    color = try reader.color()
    domain = try reader.choice("domain", .unknownDomain)
  }
}

/// Removes a pillar with its themes and their tasks.
package struct RemovePillar: Equatable, Sendable {
  let pillarID: PillarID

  init(_ json: JSON) throws(Rejection) {
    pillarID = try FieldReader(json, path: "removePillar", fields: ["pillarId"]).id()
  }
}

extension FieldReader {
  /// The name of a pillar or theme.
  func name() throws(Rejection) -> Text? {
    try text("name", atMost: 80, .nameTooLong, empty: .nameEmpty)
  }

  fileprivate func color() throws(Rejection) -> Text? {
    try parsed("color", .invalidColor, "#RRGGBB") { string in
      let bytes = Array(string.utf8)
      guard bytes.count == 7, bytes[0] == UInt8(ascii: "#"),
        bytes[1...].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 })
      else { return nil }
      return Text(string)
    }
  }
}
