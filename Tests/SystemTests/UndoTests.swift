import EventLoop
import JSON
import Scalars
import TestSupport
import Testing

/// Undo as people and programs meet it: at a shell, and through the socket.
@Suite(.turns) struct UndoTests {
  @Test @EventLoop func `a person undoes, does again and looks back`() async throws {
    let shell = try await Shell.start()
    try await shell.complains(["undo"], code: 5, "nothing to undo")
    try await shell.says(["history"], "No commands yet.")
    try await shell.says(["pillar", "add", "Health"])
    try await shell.says(["theme", "add", "Sleep", "--pillar", "Health"])
    try await shell.says(["theme", "rate", "Sleep", "70"])
    try await shell.says(["theme", "rate", "Sleep", "40"])
    try await shell.says(["undo", "--dry-run"], "Undid: Rated Sleep 40 % (was 70 %)", "dry run")
    try await shell.says(["undo"], "Undid: Rated Sleep 40 % (was 70 %)", "position 8")
    try await shell.says(["themes"], "70 %", not: "40 %")
    try await shell.says(["undo"], "Undid: Rated Sleep 70 %")
    try await shell.says(["themes"], "not rated")
    try await shell.says(["history"], "Undid: Rated Sleep 70 %", "Undone by", "Added pillar Health")
    try await shell.says(["redo"], "Redid: Rated Sleep 70 %")
    try await shell.says(["redo"], "Redid: Rated Sleep 40 %")
    try await shell.complains(["redo"], code: 5, "nothing to redo")
    try await shell.says(["themes"], "40 %", "70 %")
    try await shell.says(["history", "--limit", "1"], "Redid: Rated Sleep 40 %")
    try await shell.says(["undo", "--last", "2"], "Rated Sleep 40 %", "Rated Sleep 70 %")
    try await shell.says(["redo"], "Redid: Rated Sleep 70 %", "Redid: Rated Sleep 40 %")
    try await shell.says(["verify"], "equal")
    await shell.daemon.stop()
  }

  @Test @EventLoop func `what was built on a command is named, and goes with it`() async throws {
    let shell = try await Shell.start()
    try await shell.says(["pillar", "add", "Health"])
    try await shell.says(["theme", "add", "Sleep", "--pillar", "Health"])
    try await shell.says(["theme", "rate", "Sleep", "70"])
    let theme = try await shell.command("createTheme")
    try await shell.complains(
      ["undo", theme], code: 3, "1 later command was built on it", "Rated Sleep 70 %", "--cascade")
    try await shell.says(
      ["undo", theme, "--cascade"], "Undid: Added theme Sleep", "with it: Rated Sleep 70 %")
    try await shell.says(["themes"], "No themes")
    try await shell.complains(["undo", theme], code: 3, "alreadyUndone")
    try await shell.complains(["undo", "01234567"], code: 5, "no command")
    try await shell.complains(["undo", "Sleep"], code: 2, "no command's id")
    try await shell.complains(["undo", theme, "--last", "1"], code: 2, "exclude")
    await shell.daemon.stop()
  }

  @Test @EventLoop func `commands are chosen by time, kind, thing and words`() async throws {
    let shell = try await Shell.start()
    try await shell.says(["pillar", "add", "Health"])
    try await shell.says(["theme", "add", "Sleep", "--pillar", "Health"])
    try await shell.says(["theme", "rate", "Sleep", "70"])
    try await shell.says(["task", "add", "Buy earplugs", "--theme", "Sleep"])
    try await shell.says(["task", "add", "Run"])
    try await shell.says(
      ["undo", "--filter", "command=rateTheme"], "Undid: Rated Sleep 70 %", not: "Added")
    try await shell.says(["undo", "--filter", "text=EARPLUGS"], "Added “Buy earplugs”", not: "Run")
    try await shell.says(["undo", "--filter", "entity=Run", "--last", "5"], "Undid: Added “Run”")
    try await shell.complains(["undo", "--since", "1h"], code: 5, "nothing to undo")
    try await shell.complains(["undo", "--filter", "colour=red"], code: 2, "text=")
    try await shell.says(
      ["undo", "--since", "-1h"], "Undid: Added theme Sleep", "Undid: Added pillar Health")
    try await shell.says(["pillars"], "No pillars")
    await shell.daemon.stop()
  }

  @Test @EventLoop func `an outcome names the dependents, and views follow`() async throws {
    let daemon = try await TestDaemon.onTestCluster()
    try await daemon.start()
    let client = try TestClient(daemon.socket)
    let pillar = JSON.string(UUID(high: 5, low: 1).description)
    func command(_ number: Int, _ name: String, _ body: JSON) -> JSON {
      ["commandId": .string(UUID(high: 6, low: UInt64(number)).description), name: body]
    }
    func id(_ number: Int) -> JSON { .string(UUID(high: 6, low: UInt64(number)).description) }
    _ = try await client.submit([
      command(1, "createPillar", ["pillarId": pillar, "name": "Health"]),
      command(2, "changePillar", ["pillarId": pillar, "name": "Body"]),
    ])
    let refused = try await client.submit([command(3, "undo", ["commandIds": [id(1)]])])
    #expect(refused.outcomes[0]["rule"] == "builtUpon")
    #expect(refused.outcomes[0]["dependents"] == [id(2)])
    let undone = try await client.submit([command(4, "undo", ["commandIds": [id(2)]])])
    #expect(undone.outcomes[0]["result"] == "applied")
    let rows = try await client.rows("PillarAverages", atLeast: undone.position)
    #expect(rows.map { $0["name"] } == ["Health"])
    let entries = try await client.audit(["command": "undo"])
    #expect(entries.map { $0["result"] } == ["applied", "rejected"])
    for job in try await client.verifyViews() { #expect(job["report"]?["equal"] == true) }
    await daemon.stop()
  }
}

extension Shell {
  /// The id of the newest command of a name.
  fileprivate func command(_ name: String) async throws -> String {
    let run = try await run(["history", "--json"])
    let rows = try JSON.parse(run.output.split(separator: "\n")[0].description)["rows"]?.array ?? []
    return rows.first { $0["command"]?.string == name }?["commandId"]?.string ?? ""
  }
}
