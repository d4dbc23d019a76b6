import EventLoop
import JSON
import Scalars
import TestSupport
import Testing

/// Commands of tests that know what they want.
enum Commands {
  static func id() -> String {
    var random = SystemRandomNumberGenerator()
    return UUID.version7(at: WallClock.now, using: &random).description
  }

  static func createPillar(_ name: String, id: String = id(), commandID: String = id()) -> JSON {
    [
      "commandId": .string(commandID),
      "createPillar": ["pillarId": .string(id), "name": .string(name)],
    ]
  }

  static func createTheme(_ name: String, in pillar: String, id: String = id()) -> JSON {
    [
      "commandId": .string(Commands.id()),
      "createTheme": [
        "themeId": .string(id), "pillarId": .string(pillar), "name": .string(name),
      ],
    ]
  }

  static func removePillar(_ id: String) -> JSON {
    ["commandId": .string(Commands.id()), "removePillar": ["pillarId": .string(id)]]
  }

  static func note(_ number: Int) -> JSON {
    [
      "commandId": .string(id()),
      "changePreferences": ["extra": ["note": .int(number)]],
    ]
  }
}

extension JSON {
  func adding(_ name: String, _ value: JSON) -> JSON {
    var object = object ?? [:]
    object[name] = value
    return .object(object)
  }
}

extension TestDaemon {
  /// Waits until Health says that it is ready.
  func becomeReady() async throws {
    try await Patience.until("ready: \(logText)", within: .seconds(180)) {
      guard let client = try? self.client() else { return false }
      defer { client.close() }
      return (try? await client.health())?["state"] == "ready"
    }
  }

  /// Starts it where it should refuse to, and gives its status.
  func failToStart() async throws -> Int32 {
    try launch()
    return try #require(await process?.wait())
  }
}
