import EventLoop
import Files
import Glibc
import JSON
import TestSupport
import Testing

/// The program `planner` about other moments than now, with a daemon behind it.
@Suite(.turns) struct ShellMomentTests {
  /// A pillar with a theme rated twice and a task; ids are the log's own.
  @EventLoop private func planned() async throws -> Shell {
    let shell = try await Shell.start()
    try await shell.says(["pillar", "add", "Health"])
    try await shell.says(["theme", "add", "Sleep", "--pillar", "Health"])
    try await shell.says(["theme", "rate", "Sleep", "70"])
    try await shell.says(["task", "add", "Run", "--theme", "Sleep", "--tag", "out"])
    try await shell.says(["theme", "rate", "Sleep", "40", "--note", "Late"])
    return shell
  }

  /// The position at which a theme's rating was this.
  @EventLoop private func position(_ shell: Shell, rating: Int) async throws -> String {
    let run = try await shell.run(["ratings", "--json"])
    let rows = try JSON.parse(run.output)["rows"]?.array ?? []
    let row = try #require(rows.first { $0["ratingPercent"]?.int == rating })
    return String(try #require(row["position"]?.int))
  }

  @Test @EventLoop func `every list is shown as it was at a moment`() async throws {
    let shell = try await planned()
    let first = try await position(shell, rating: 70)
    try await shell.says(["pillars", "--at", first], "70 %", not: "40 %")
    try await shell.says(["themes", "--at", "#" + first], "70 %", not: "Late")
    try await shell.says(["ratings", "Sleep", "--at", first], "70 %", not: "40 %")
    try await shell.says(["tasks", "--at", first], "No tasks")
    try await shell.says(["tasks", "--theme", "Sleep", "--at", "now"], "Run")
    try await shell.says(["best", "--at", first], "Nothing to do")
    try await shell.says(["history", "--at", first], "Rated Sleep 70 %", not: "Run")
    try await shell.says(["activity", "--at", first], "Rated Sleep 70 %", not: "Run")
    try await shell.says(["preferences", "--at", "1"], "weight of urgency")
    try await shell.says(["removed", "--at", first], "Nothing was removed")
    for list in ["trend", "momentum", "throughput", "tags"] {
      try await shell.says([list, "--at", first, "--json"], #""position":"# + first)
    }
    try await shell.says(["pillars", "--at", "yesterday"], "No pillars")
    try await shell.complains(["task", "show", "Run", "--at", first], code: 5, "Run")
    try await shell.complains(["pillars", "--at", "99999"], code: 2, "--at: a position is 0 to")
    try await shell.complains(["pillars", "--at", "2099-01-01"], code: 2, "has not come yet")
    await shell.daemon.stop()
  }

  @Test @EventLoop func `what commands would change is shown, and nothing is changed`() async throws
  {
    let shell = try await planned()
    let before = try await shell.run(["history", "--json"]).output
    try await shell.says(
      ["what-if", "task done Run; theme rate Sleep 90", "--", "pillars"],
      "What if: Completed “Run”", "What if: Rated Sleep 90 % (was 40 %)", "~ Health",
      "avgPercent  40 → 90")
    try await shell.says(
      [
        "what-if",
        """
        theme add Sport --pillar Health
        planner theme rate Sport 60; task add Swim --theme Sport
        """,
      ], "+ Sport", "+ Swim", "40 → 50")
    try await shell.says(
      ["what-if", "--whole", "theme rate Sleep 90", "--", "themes", "--pillar", "Health"], "90 %")
    try await shell.says(["what-if", "task rm Run", "--", "tasks"], "- Run")
    try await shell.says(["what-if", "undo", "--", "themes"], "ratingPercent", "40 → 70")
    try await shell.says(
      ["what-if", "--json", "task rm Run", "--", "tasks"], #""kind":"gone""#)
    try await shell.says(["what-if", "theme rate Sleep 41", "--", "tasks"], "Nothing would change")
    let id = "01900000-0000-7000-8000-000000000001"
    let line = #"{"createPillar": {"pillarId": "\#(id)", "name": "W"}}"#
    let piped = try await shell.run(["what-if", "-", "PillarAverages"], input: line + "\n")
    #expect(piped.output.contains("+ W"), "\(piped.output)\(piped.errors)")
    try await shell.complains(
      ["what-if", "task done Run; task done Run", "--", "tasks"], code: 3,
      "command 2 would be refused")
    try await shell.complains(
      ["what-if", "pillar add Health", "--", "pillars"], code: 3, "command 1 would be refused")
    try await shell.complains(
      ["what-if", "theme rate Nap 3", "--", "pillars"], code: 5, "Nap")
    #expect(try await shell.run(["history", "--json"]).output == before)
    await shell.daemon.stop()
  }

  @Test @EventLoop func `a row tells why it is so, and a view what differs`() async throws {
    let shell = try await planned()
    let first = try await position(shell, rating: 70)
    try await shell.says(
      ["why", "themes", "Sleep"], "Sleep at position", "ThemeRated", "70 → 40", "– → Late",
      "ThemeCreated")
    try await shell.says(
      ["why", "themes", "Sleep", "ratingPercent", "--limit", "1"], "70 → 40", not: "Created")
    try await shell.says(["why", "ThemeRatings", "Sleep", "--at", first], "– → 70", not: "→ 40")
    try await shell.says(["why", "tags", "out"], "TaskCreated")
    try await shell.complains(["why", "themes", "Nap"], code: 5, "Nap")
    try await shell.complains(["why", "themes", "Sleep", "colour"], code: 2, "column")
    try await shell.complains(["why", "Nothing", "x"], code: 2, "method")
    try await shell.says(
      ["changes", "themes", "--since", first], "1 row of themes differs", "~ Sleep", "70 → 40",
      "by #", "ThemeRated")
    try await shell.says(
      ["changes", "--since", first, "--", "tasks", "--theme", "Sleep"], "+ Run", "TaskCreated")
    try await shell.says(
      ["changes", "TagTotals", "--since", "0", "--until", first], "Nothing differs in tags")
    try await shell.complains(
      ["changes", "tasks", "--since", first, "--until", "1"], code: 2, "--until is before")
    await shell.daemon.stop()
  }

  @Test @EventLoop func `any view is shown, and how things went`() async throws {
    let shell = try await planned()
    try await shell.says(
      ["views"], "PillarAverages", "planner pillars", "Preferences",
      "What happened to a planner, a line an event, in words")
    try await shell.says(["view", "TagTotals"], "tag", "minutesLeft", "out")
    try await shell.says(["view", "RatingHistory", "sort=newest", "limit=1"], "40", "Late")
    try await shell.says(["view", "Tasks", "text=Run", "actionable=true", "--json"], #""Run""#)
    try await shell.complains(["view", "Tasks", "limit=many"], code: 2, "limit")
    try await shell.complains(["view", "Nothing"], code: 1, "no method")
    try await shell.says(["trend"], "Health", "▄", "40 %")
    try await shell.says(["trend", "Health"], "Average", "40 %")
    try await shell.says(["momentum"], "Sleep", "Smoothed")
    try await shell.says(["throughput"], "Health", "Created")
    try await shell.says(["tags"], "#out")
    try await shell.says(["activity", "--entity", "Sleep"], "Rated Sleep 40 %", not: "Run")
    try await shell.says(["complete-names", "view"], "pillars", "TagTotals")
    await shell.daemon.stop()
  }

  @Test @EventLoop func `a live list goes on over a restart, until Ctrl-C`() async throws {
    let shell = try await planned()
    let output = "\(TestCluster.folder)/live-list"
    let descriptor = try Files.openForAppending(output)
    defer { close(descriptor) }
    var options = ChildProcess.Options([
      "\(TestDaemon.programs)/planner", "themes", "--live", "--socket", shell.daemon.socket,
    ])
    options.environment = ["LC_ALL": "C.UTF-8"]
    options.standardOutput = descriptor
    options.parentDeathSignal = SIGTERM
    let live = try ChildProcess(options)
    func shows(_ text: String) async throws {
      try await Patience.until("\(text) in a live list") {
        (try? Files.read(output))?.contains(text) == true
      }
    }
    try await shows("40 %")
    try await shell.says(["theme", "rate", "Sleep", "55"])
    try await shows("55 %")
    await shell.daemon.stop()
    try await shell.daemon.start()
    try await shell.says(["theme", "rate", "Sleep", "66"])
    try await shows("66 %")
    live.send(SIGINT)
    #expect(await live.wait() == 130)
    await shell.daemon.stop()
  }
}
