import EventLoop
import JSON
import TestSupport
import Testing

/// `python -m varlink.cli`, as a person types it. It sends `more: false` and `parameters: {}`.
@Suite(.daemon()) struct ForeignCommandLineTests {
  @Test @EventLoop func `info lists the interfaces`() async throws {
    let run = try await varlink(["info", "unix:\(SharedDaemon.current.socket)"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("Product: plannerd\n"))
    #expect(run.output.contains("org.plannerd.views\n"))
  }

  @Test @EventLoop func `help prints a definition`() async throws {
    let run = try await varlink(["help", address("org.plannerd.views")])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("\ninterface org.plannerd.views\n"))
  }

  @Test @EventLoop func `a call without parameters is answered`() async throws {
    let answer = try await call("org.plannerd.planner.Describe")
    #expect(answer["limits"]?["requestBytes"] == 1_048_576)
  }

  @Test @EventLoop func `a command and then a query`() async throws {
    let answer = try await call(
      "org.plannerd.planner.Submit",
      [
        "commands": [
          [
            "commandId": "01900000-0000-7000-8000-0000000000c1",
            "createPillar": [
              "pillarId": "01900000-0000-7000-8000-0000000000c2", "name": "Müßiggang 🛶",
            ],
          ]
        ]
      ])
    #expect(answer["outcomes"]?[0]?["result"] == "applied")
    let pillars = try await call(
      "org.plannerd.views.PillarAverages", ["atLeast": answer["position"]!])
    #expect(pillars["rows"]?[0]?["name"] == "Müßiggang 🛶")
  }

  @Test @EventLoop func `a stream is printed to its end`() async throws {
    let job = try await call("org.plannerd.control.Rebuild", ["projection": "tasks"])
    let run = try await varlink([
      "call", "--more", address("org.plannerd.control.Watch"),
      JSON.object(["jobId": job["jobId"]!]).text,
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains(#""state": "done""#), "\(run.output)")
  }

  /// The program exits with 0 all the same: a script must look at its output.
  @Test @EventLoop func `an error is printed with its parameters`() async throws {
    let run = try await varlink([
      "call", address("org.plannerd.views.Task"), #"{"taskId": "the first"}"#,
    ])
    #expect(run.output.isEmpty)
    #expect(run.errors.contains("org.plannerd.views.InvalidInput"), "\(run.errors)")
    #expect(run.errors.contains("taskId"), "\(run.errors)")
  }

  @EventLoop private func address(_ name: String) -> String {
    "unix:\(SharedDaemon.current.socket)/\(name)"
  }

  @EventLoop private func varlink(_ arguments: [String]) async throws -> TestProgram {
    try await ForeignProgram.run([ForeignProgram.python, "-m", "varlink.cli"] + arguments)
  }

  @EventLoop private func call(_ method: String, _ parameters: JSON? = nil) async throws -> JSON {
    let arguments = ["call", address(method)] + (parameters.map { [$0.text] } ?? [])
    let run = try await varlink(arguments)
    guard run.status == 0, run.errors.isEmpty else {
      throw ForeignFailure(program: "varlink.cli", run: run)
    }
    return try JSON.parse(run.output)
  }
}
