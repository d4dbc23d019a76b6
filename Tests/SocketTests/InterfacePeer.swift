import EventLoop
import JSON
import TestSupport

/// What came back to a frame.
enum Answer: Equatable {
  /// The whole reply, with `error` or `continues` where it has them.
  case reply(JSON)
  /// The connection was ended.
  case closed

  /// A reply with these parameters and nothing else.
  static func success(_ parameters: JSON) -> Answer { .reply(["parameters": parameters]) }

  /// An error reply.
  static func error(_ name: String, _ parameters: JSON = [:]) -> Answer {
    .reply(["error": .string(name), "parameters": parameters])
  }

  static func invalidParameter(_ path: String) -> Answer {
    .error("org.varlink.service.InvalidParameter", ["parameter": .string(path)])
  }

  static let pong = Answer.success([:])
}

extension TestClient {
  /// Sends a frame of any text and gives what comes next.
  func exchange(_ frame: String) async -> Answer {
    send(bytes: Array(frame.utf8) + [0])
    return await answer()
  }

  func exchange(_ message: JSON) async -> Answer { await exchange(message.text) }

  /// What comes next.
  func answer() async -> Answer {
    do throws(TestClientError) {
      return .reply(try await message())
    } catch {
      return .closed
    }
  }

  func ping() async -> Answer { await exchange(#"{"method":"org.plannerd.planner.Ping"}"#) }

  /// The end of the log.
  func head() async throws(TestClientError) -> Int {
    try await call("org.plannerd.control.Health")["position"]?.int ?? -1
  }

  /// Submits commands and gives the whole answer.
  @discardableResult
  func submit(_ commands: [JSON], _ more: JSON = [:]) async throws(TestClientError) -> JSON {
    var parameters = more.object ?? [:]
    parameters["commands"] = .array(commands)
    return try await call("org.plannerd.planner.Submit", .object(parameters))
  }
}

/// Commands with ids of their own.
enum SampleCommand {
  @EventLoop private static var count = 0

  /// A new id; version 7 in its form.
  @EventLoop static func id() -> String {
    count += 1
    let digits = String(count, radix: 16)
    return "01900000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
  }

  @EventLoop static func make(_ name: String, _ body: JSON) -> JSON {
    .object(
      JSONObject(unique: [
        .init(name: "commandId", value: .string(id())), .init(name: name, value: body),
      ]))
  }

  /// A pillar of a name that none has.
  @EventLoop static func createPillar(_ name: String? = nil) -> JSON {
    let id = id()
    return make("createPillar", ["pillarId": .string(id), "name": .string(name ?? "Pillar \(id)")])
  }
}
