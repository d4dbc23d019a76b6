/// A type of an interface definition.
package indirect enum VarlinkType: Sendable, Equatable {
  case bool
  case int
  case float
  case string
  /// Any JSON object.
  case object
  /// A type that the interface defines by this name.
  case named(String)
  case array(VarlinkType)
  /// An object of which every member has this type.
  case map(VarlinkType)
  case nullable(VarlinkType)
  case enumeration([String])
  case structure([Field])

  /// A member of a structure.
  package struct Field: Sendable, Equatable {
    package let name: String
    package let type: VarlinkType

    package init(name: String, type: VarlinkType) {
      self.name = name
      self.type = type
    }
  }
}
