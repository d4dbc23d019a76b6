import EventLoop
import JSON
import TestSupport
import Testing

/// Folders with something wrong in them.
@Suite struct DropInRefusalTests {
  private static let query = "queries/Colours.sql"

  /// The file that is wrong, what is replaced in it by what, and the line that is told.
  private static let faults: [(file: String, old: String, new: String, line: Int)] = [
    ("table.sql", "-- scope: planner", "-- the colours", 1),
    ("table.sql", "bigint NOT NULL", "bigint NOT NUL", 5),
    ("table.sql", "chosen bigint", "chosen bigint DEFAULT random()", 5),
    ("apply.sql", "FROM batch", "FRM batch", 3),
    ("apply.sql", "count(*)", "count(*) + extract(epoch FROM now())", 2),
    (query, "FROM colours", "FORM colours", 5),
    (query, "SELECT color", "SELECT colour", 5),
    (query, "never null: color", "never null: size", 1),
    (query, "planner uuid", "themeId uuid", 1),
    (query, "color text?", "color colour?", 3),
    (query, "ORDER BY chosen DESC, color", "ORDER BY chosen DESC, color;", 1),
  ]

  @Test @EventLoop func `a bad folder is refused with file and line, and the old one goes on`()
    async throws
  {
    let running = try await DropInDaemon.start()
    try running.write(DropInFolder.files)
    #expect(try await running.reload()["added"] == ["colours"])
    let command = SampleCommand.createPillar()
    let written = try await running.client.submit([command])
    _ = try await running.client.call(
      "org.plannerd.views.Colours", ["atLeast": written["position"]!])
    let rows = try await running.rows("Colours")
    let description = try await description(running)
    for fault in DropInRefusalTests.faults {
      let path = "colours/\(fault.file)"
      let good = try running.read(path)
      try running.write([path: good.replacing(fault.old, with: fault.new)])
      let report = try await running.reload()
      let refused = report["refused"]?.array ?? []
      #expect(refused.map { $0["projection"] } == ["colours"], "\(fault): \(report)")
      #expect(refused.first?["file"]?.string == fault.file, "\(fault): \(refused)")
      #expect(refused.first?["line"]?.int == fault.line, "\(fault): \(refused)")
      #expect(refused.first?["message"]?.string?.isEmpty == false)
      #expect(try await running.rows("Colours") == rows, "\(fault)")
      #expect(try await self.description(running) == description, "\(fault)")
      try running.write([path: good])
    }
    let report = try await running.reload()
    #expect(report["refused"] == [])
    #expect(report["unchanged"]?.strings.contains("colours") == true, "\(report)")
    await running.daemon.stop()
  }

  /// A method, the columns that it selects, and a parameter: of which no definition of the views could be made.
  private static let unspeakable = [
    ("Fault", "color", "hue text?"), ("TasksRow", "color", "hue text?"),
    ("Tasks", "color", "hue text?"), ("Colours", "color, chosen AS from_", "hue text?"),
    ("Colours", "color, chosen AS a__b", "hue text?"), ("Colours", "color, color", "hue text?"),
    ("Colours", "color", "limit text?"), ("Colours", "color", "atLeast text?"),
    ("Colours", "color", "hue text?, hue text?"), ("Colours", "color", "planner uuid?"),
    ("Colours", "color", "the_ text?"),
  ]

  @Test @EventLoop func `what no definition could say is refused, and takes no other view with it`()
    async throws
  {
    let running = try await DropInDaemon.start()
    let description = try await description(running)
    for (index, (method, columns, parameter)) in DropInRefusalTests.unspeakable.enumerated() {
      let query = """
        -- Something.
        --
        -- parameters: planner uuid, \(parameter)
        -- pages by color: color
        SELECT \(columns) FROM colours WHERE planner_id = $1 AND $2::text IS NULL
        """
      let folder = "colours_\(index)"
      try running.write([
        "\(folder)/table.sql": DropInFolder.table, "\(folder)/apply.sql": DropInFolder.apply,
        "\(folder)/queries/\(method).sql": query,
      ])
      let report = try await running.reload()
      let refused = report["refused"]?.array?.first { $0["projection"]?.string == folder }
      #expect(refused?["file"]?.string == "queries/\(method).sql", "\(query): \(report)")
      #expect(try await self.description(running) == description, "\(query)")
    }
    try running.write(DropInFolder.files)
    #expect(try await running.reload()["added"] == ["colours"])
    #expect(try await running.rows("Colours") == [])
    await running.daemon.stop()
  }

  @EventLoop private func description(_ running: DropInDaemon) async throws -> JSON? {
    try await running.client.call(
      "org.varlink.service.GetInterfaceDescription", ["interface": "org.plannerd.views"])[
        "description"]
  }
}
