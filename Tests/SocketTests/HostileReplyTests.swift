import EventLoop
import JSON
import TestSupport
import Testing

/// Tasks with as much text as the domain allows, in the characters that JSON writes longest.
@Suite(.daemon()) struct HostileReplyTests {
  @Test @EventLoop func `a reply has at most 8 MiB, and a follower gets everything all the same`()
    async throws
  {
    let client = try SharedDaemon.current.client()
    let tasks = (0..<300).map { _ in SampleCommand.id() }
    try await submit(tasks.map { createTask($0) }, client)
    let position = try await submit(tasks.map { changeTask($0) }, client)

    let answer = await client.exchange([
      "method": "org.plannerd.views.Tasks",
      "parameters": ["limit": 1_000, "atLeast": .int(position)],
    ])
    guard case .reply(let reply) = answer else { return #expect(answer != .closed) }
    #expect(reply["error"] == "org.plannerd.views.ReplyTooLarge")
    #expect(reply["parameters"]?["limit"] == 8_388_608)
    #expect(reply["parameters"]?["bytes"]?.int ?? 0 > 8_388_608)
    let page = try await client.call("org.plannerd.views.Tasks", ["limit": 100])
    #expect(page["rows"]?.array?.count == 100)

    client.send([
      "method": "org.plannerd.planner.Subscribe", "more": true, "parameters": ["after": 0],
    ])
    var followed = 0
    while followed < position {
      for event in try await client.reply()["events"]?.array ?? [] {
        #expect(event["position"]?.int == followed + 1)
        followed += 1
      }
    }
  }

  /// Few at a time: a request has at most 1 MiB. Gives the end of the log.
  @discardableResult
  private func submit(_ commands: [JSON], _ client: TestClient) async throws -> Int {
    var position = 0
    for start in stride(from: 0, to: commands.count, by: 25) {
      let answer = try await client.submit(Array(commands[start..<min(start + 25, commands.count)]))
      #expect(answer["outcomes"]?.array?.allSatisfy { $0["result"] == "applied" } == true)
      position = answer["position"]?.int ?? 0
    }
    return position
  }

  @EventLoop private func createTask(_ id: String) -> JSON {
    SampleCommand.make(
      "createTask",
      ["taskId": .string(id), "title": "Long", "notes": text(4_000), "description": text(1_000)])
  }

  @EventLoop private func changeTask(_ id: String) -> JSON {
    SampleCommand.make(
      "changeTask", ["taskId": .string(id), "notes": text(3_999), "description": text(999)])
  }

  /// U+0001 is six bytes in JSON; a letter at each end keeps it from being trimmed.
  private func text(_ count: Int) -> JSON {
    .string("a" + String(repeating: "\u{1}", count: count - 2) + "z")
  }
}
