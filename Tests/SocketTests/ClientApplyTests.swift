import Glibc
import JSON
import Testing

@testable import planner

/// `planner apply`: batches, refusals by line, and lines that are no commands.
@Suite struct ClientApplyTests {
  private func withFile<Result>(
    _ lines: [String], _ body: (String) throws -> Result
  ) throws -> Result {
    var name = Array("/tmp/planner-apply-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      close(descriptor)
      unlink(path)
    }
    let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    precondition(write(descriptor, bytes, bytes.count) == bytes.count)
    return try body(path)
  }

  private func outcomes(_ results: [String]) -> JSON {
    [
      "position": 9,
      "outcomes": .array(
        results.map { result in
          var outcome: JSONObject = ["commandId": "x", "result": .string(result)]
          if result == "applied" {
            outcome["firstPosition"] = 9
            outcome["lastPosition"] = 9
          } else if result == "rejected" {
            outcome["rule"] = "nameTaken"
            outcome["message"] = "The name is taken."
          }
          return .object(outcome)
        }),
    ]
  }

  private func line(_ id: Int) -> String {
    #"{"commandId":"c\#(id)","createPillar":{"pillarId":"p\#(id)","name":"n"}}"#
  }

  @Test func `sends what is in a file and sums up`() throws {
    try withFile([line(1), "", line(2), line(3)]) { path in
      let run = try ClientRun(
        ["apply", path], [ClientPeer().reply(outcomes(["applied", "rejected", "duplicate"]))])
      #expect(run.code == .rejected)
      #expect(run.output == "1 applied, 1 rejected, 1 duplicate  (position 9)\n")
      #expect(run.errors == "line 3: The name is taken. [nameTaken]\n")
      #expect(run.calls[0]["parameters"]?["commands"]?.array?.count == 3)
      #expect(run.calls[0]["parameters"]?["commands"]?[2]?["commandId"] == "c3")
    }
  }

  @Test func `sends a hundred at a time`() throws {
    try withFile((1...250).map(line)) { path in
      let peer = ClientPeer()
        .reply(outcomes(Array(repeating: "applied", count: 100)))
        .reply(outcomes(Array(repeating: "applied", count: 100)))
        .reply(outcomes(Array(repeating: "applied", count: 50)))
      let run = try ClientRun(["apply", path], [peer])
      #expect(run.code == .ok)
      #expect(run.output.hasPrefix("250 applied"))
      #expect(run.calls.count == 3)
    }
  }

  @Test func `sends nothing of a file with a line that is no JSON object`() throws {
    try withFile([line(1), "{nonsense", "[1]", line(2)]) { path in
      let run = try ClientRun(["apply", path], [])
      #expect(run.code == .usage)
      #expect(run.errors.contains("line 2: not JSON"))
      #expect(run.errors.contains("line 3: not a JSON object"))
      #expect(run.message.contains("nothing was sent"))
    }
  }

  @Test func `finds the line that the interface does not take, and the others go on`() throws {
    try withFile([line(1), line(2), line(3)]) { path in
      let invalid: JSON = ["parameter": "commands[1].createPillar"]
      let peer = ClientPeer()
        .error("org.varlink.service.InvalidParameter", invalid)  // all three
        .reply(outcomes(["applied"]))  // line 1
        .error("org.varlink.service.InvalidParameter", invalid)  // lines 2 and 3
        .error("org.varlink.service.InvalidParameter", invalid)  // line 2
        .reply(outcomes(["applied"]))  // line 3
      let run = try ClientRun(["apply", path], [peer])
      #expect(run.code == .usage)
      #expect(run.errors.hasPrefix("line 2: "))
      #expect(run.output.contains("2 applied"))
    }
  }

  @Test func `gives an id to a command without one`() throws {
    try withFile([#"{"createPillar":{"pillarId":"p","name":"n"}}"#]) { path in
      let run = try ClientRun(["apply", path], [ClientPeer().reply(outcomes(["applied"]))])
      let id = run.calls[0]["parameters"]?["commands"]?[0]?["commandId"]?.string
      #expect(id?.utf8.count == 36)
    }
  }

  @Test func `says which lines stay unknown`() throws {
    try withFile([line(1), line(2)]) { path in
      let run = try ClientRun(["apply", path], [ClientPeer().end()])
      #expect(run.code == .outcomeUnknown)
      #expect(run.errors.contains("lines 1 to 2 is unknown"))
    }
  }

  @Test func `a batch holds a hundred commands or its bytes`() {
    var batch = Batch()
    #expect(batch.takes(10_000_000))
    batch.add([:], line: 1, size: Batch.maxBytes - 10)
    #expect(batch.takes(10))
    #expect(!batch.takes(11))
    batch.add([:], line: 2, size: 0)
    #expect(batch.halves.0.lines == [1])
    #expect(batch.halves.1.lines == [2])
  }
}
