import EventLog
import EventLoop
import JSON
import Planner
import Scalars
import TestCommands
import TestSupport
import Testing

@Suite struct UndoLogTests {
  @Test @EventLoop func `an undo of the last command takes it back`() async throws {
    let log = try await UndoFixture()
    #expect(try await log.does(1, "createPillar", ["pillarId": log.id(1), "name": "Health"]))
    #expect(try await log.does(2, "changePillar", ["pillarId": log.id(1), "name": "Body"]))
    #expect(try await log.undoes(3, [2]))
    let events = try await log.events()
    #expect(events.suffix(2).map(\.type) == ["CommandUndone", "PillarChanged"])
    #expect(events.suffix(2).allSatisfy { $0.undoes == UndoFixture.command(2) })
    #expect(events.last?.data?.contains(#""after": {"name": "Health"}"#) == true)
    #expect(try await log.problems() == [])
  }
}
