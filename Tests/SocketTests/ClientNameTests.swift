import JSON
import Testing

@testable import planner

@Suite struct ClientNameTests {
  private let themes = [
    ("aaaa1111-0000-7000-8000-000000000001", "Sleep", "Health"),
    ("aaaa2222-0000-7000-8000-000000000002", "Sleep", "Work"),
    ("bbbb0000-0000-7000-8000-000000000003", "sleeplessness", "Health"),
    ("cccc0000-0000-7000-8000-000000000004", "Face", "Health"),
    ("face0000-0000-7000-8000-000000000005", "Résumé", "Work"),
    ("dddd0000-0000-7000-8000-000000000006", "Reading", "Mind"),
  ].map { id, name, pillar in
    Thing(theme: ["themeId": .string(id), "name": .string(name), "pillarName": .string(pillar)])
  }

  private func found(_ text: String) throws -> String? {
    try NameResolver.find(text, among: themes)?.id.suffix(1).description
  }

  private func ambiguity(_ text: String) -> String? {
    do throws(Failure) {
      _ = try NameResolver.find(text, among: themes)
      return nil
    } catch {
      #expect(error.code == .ambiguous)
      return error.message
    }
  }

  @Test func `finds by id, by its beginning, and by name`() throws {
    #expect(try found("bbbb0000-0000-7000-8000-000000000003") == "3")
    #expect(try found("BBBB0000-0000-7000-8000-000000000003") == "3")
    #expect(try found("aaaa1") == "1")
    #expect(try found("Reading") == "6")
    #expect(try found("reading") == "6")
    #expect(try found("read") == "6")
    #expect(try found("Sleepl") == "3")
    #expect(try found("Nothing") == nil)
    #expect(try found("") == nil)
  }

  @Test func `an exact name goes before the beginning of an id`() throws {
    #expect(try found("Face") == "4")
    #expect(try found("face0") == "5")
  }

  @Test func `three letters are no id`() throws {
    #expect(try found("bbb") == nil)
    #expect(NameResolver.looksLikeID("abc") == false)
    #expect(NameResolver.looksLikeID("abcd"))
    #expect(NameResolver.looksLikeID("Sleep") == false)
  }

  @Test func `a name that two have is told apart by its pillar`() throws {
    let message = try #require(ambiguity("Sleep"))
    #expect(message.contains("means 2 themes"))
    #expect(message.contains("aaaa1111  Sleep  (Health)"))
    #expect(message.contains("aaaa2222  Sleep  (Work)"))
    #expect(try found("Work/Sleep") == "2")
    #expect(try found("health/sleep") == "1")
    #expect(ambiguity("aaaa") != nil)
  }

  @Test func `a letter written in two ways is one`() throws {
    #expect(try found("Re\u{301}sume\u{301}") == "5")
  }

  @Test func `of several tasks the one not done is meant, or the done one to reopen`() throws {
    let tasks = [("1", "open"), ("2", "done"), ("3", "done")].map { id, status in
      Thing(task: ["taskId": .string(id), "title": "Water", "status": .string(status)])
    }
    #expect(try NameResolver.find("Water", among: tasks)?.id == "1")
    #expect(try NameResolver.find("Water", among: Array(tasks[..<2]), prefer: .finished)?.id == "2")
    #expect(throws: Failure.self) {
      _ = try NameResolver.find("Water", among: tasks, prefer: .finished)
    }
  }

  @Test func `shows as much of ids as tells them apart`() {
    #expect(ShortID.length([]) == 8)
    #expect(ShortID.length(themes.map(\.id)) == 8)
    #expect(ShortID.length(["01234567-89ab-7", "01234567-89ac-7"]) == 13)
  }
}
