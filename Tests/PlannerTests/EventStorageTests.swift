import JSON
import Scalars
import Testing

@testable import Planner

/// The stored form of each event, as it landed. A line here is never changed: new ones are added.
private let landed: [(String, String)] = [
  ("PlannerOpened", #"{"ownerId":"00000000-0000-0007-0000-000000000007"}"#),
  (
    "PillarCreated",
    ##"{"after":{"name":"Work","color":"#808080","domain":"work"},"pillarId":"P"}"##
  ),
  ("PillarChanged", #"{"after":{"name":"Job"},"before":{"name":"Work"},"pillarId":"P"}"#),
  (
    "PillarRemoved",
    ##"{"before":{"name":"Job","color":"#808080","domain":"work"},"pillarId":"P"}"##
  ),
  ("ThemeCreated", #"{"after":{"name":"Health","pillarId":"P"},"themeId":"T"}"#),
  (
    "ThemeChanged",
    #"{"after":{"name":"Run","pillarId":"P"},"before":{"name":"Walk","pillarId":"Q"},"themeId":"T"}"#
  ),
  (
    "ThemeRated",
    #"{"after":{"ratingPercent":5,"previousRating":null},"before":{"ratingPercent":null,"#
      + #""previousRating":null},"themeId":"T"}"#
  ),
  (
    "ThemeRated",
    #"{"after":{"ratingPercent":6,"previousRating":5,"lastReflectionNote":"n"},"#
      + #""before":{"ratingPercent":5,"previousRating":null,"lastReflectionNote":null},"themeId":"T"}"#
  ),
  (
    "ThemeRemoved",
    #"{"before":{"name":"Run","pillarId":"P","ratingPercent":6,"previousRating":5,"#
      + #""lastReflectionNote":"n"},"themeId":"T"}"#
  ),
  (
    "TaskCreated",
    #"{"after":{"rank":1024,"tags":["a"],"dueAt":"2026-11-25T09:00:00Z","notes":"n","title":"t","#
      + #""impact":"H","status":"open","themeId":"T","priority":3,"taskType":"recurring","#
      + #""recurrence":{"gate":"schedule","rule":"FREQ=DAILY","anchor":"due","catchUp":"next"},"#
      + #""description":"d","timeEstimate":"15m","effortMinutes":15},"taskId":"K"}"#
  ),
  (
    "TaskChanged",
    #"{"after":{"tags":null,"dueDate":"2026-11-25","recurrence":null,"taskType":"adhoc"},"#
      + #""before":{"tags":["a"],"dueDate":null,"recurrence":{"rule":"FREQ=DAILY","anchor":"due","#
      + #""catchUp":"next","gate":"schedule"},"taskType":"recurring"},"taskId":"K"}"#
  ),
  (
    "TaskMoved",
    #"{"after":{"rank":1,"themeId":null},"before":{"rank":2,"themeId":"T"},"taskId":"K"}"#
  ),
  (
    "TaskStarted",
    #"{"after":{"status":"inProgress","completedAt":null},"#
      + #""before":{"status":"open","completedAt":null},"taskId":"K"}"#
  ),
  (
    "TaskCompleted",
    #"{"after":{"status":"done","completedAt":"2026-11-25T09:00:00Z"},"#
      + #""before":{"status":"inProgress","completedAt":null},"taskId":"K"}"#
  ),
  (
    "TaskReopened",
    #"{"after":{"status":"open","completedAt":null},"#
      + #""before":{"status":"done","completedAt":"2026-11-25T09:00:00Z"},"taskId":"K"}"#
  ),
  (
    "TaskSnoozed",
    #"{"after":{"snoozedUntil":"2026-11-25T09:00:00.25Z"},"before":{"snoozedUntil":null},"taskId":"K"}"#
  ),
  (
    "TaskWoken",
    #"{"after":{"snoozedUntil":null},"before":{"snoozedUntil":"2026-11-25T09:00:00.25Z"},"taskId":"K"}"#
  ),
  (
    "TaskRemoved",
    #"{"before":{"rank":1,"title":"t","status":"done","priority":1,"taskType":"adhoc","#
      + #""completedAt":"2026-11-25T09:00:00Z"},"taskId":"K"}"#
  ),
  (
    "TasksReranked",
    #"{"after":{"ranks":{"K":1024}},"before":{"ranks":{"K":-7}},"themeId":null}"#
  ),
  (
    "PillarRestored",
    ##"{"after":{"name":"Job","color":"#808080","domain":"work"},"pillarId":"P"}"##
  ),
  (
    "ThemeRestored",
    #"{"after":{"name":"Run","pillarId":"P","ratingPercent":6,"previousRating":5,"#
      + #""lastReflectionNote":"n"},"themeId":"T"}"#
  ),
  (
    "TaskRestored",
    #"{"after":{"rank":1,"title":"t","status":"done","priority":1,"taskType":"adhoc","#
      + #""completedAt":"2026-11-25T09:00:00Z"},"taskId":"K"}"#
  ),
  ("CommandUndone", #"{"commandId":"K"}"#),
  ("CommandRedone", #"{"commandId":"K"}"#),
  (
    "PreferencesChanged",
    #"{"after":{"extra":"{}","effort":20,"impact":5,"urgency":30,"timezone":"Europe/Berlin","#
      + #""priority":45,"workEnd":"18:30","workStart":"08:00","weekStart":"sunday","#
      + #""habitLearning":false},"before":{"extra":null,"effort":10,"impact":15,"urgency":40,"#
      + #""timezone":"UTC","priority":35,"workEnd":"17:00","workStart":"09:00","#
      + #""weekStart":"monday","habitLearning":true}}"#
  ),
]

private func data(_ text: String) throws -> JSON {
  let ids = ["P": 1, "Q": 2, "T": 3, "K": 4]
  let full = ids.reduce(text) { text, id in
    text.split(separator: "\"\(id.key)\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\(idText(id.value))\"")
  }
  return try JSON.parse(full)
}

@Suite struct EventStorageTests {
  @Test func `has a stored form of every event`() {
    #expect(Set(landed.map(\.0)) == Set(EventType.allCases.map(\.rawValue)))
  }

  @Test func `reads and writes each event as it landed`() throws {
    for (type, text) in landed {
      let data = try data(text)
      let event = try #require(PlannerEvent(type: type, data: data), "\(type) \(text)")
      #expect(event.type == type)
      #expect(event.data.sorted == data.sorted)
      #expect(NewEvent(event) == NewEvent(type: type, data: event.data))
    }
  }

  @Test func `passes over members that are not known`() throws {
    for (type, text) in landed {
      var data = try data(text)
      let plain = PlannerEvent(type: type, data: data)
      for side in ["before", "after"] {
        if let members = data[side], members["ranks"] == nil {
          data = data.with(side, members.with("mood", "good"))
        }
      }
      #expect(PlannerEvent(type: type, data: data.with("reason", "why")) == plain)
    }
  }

  @Test func `does not read what does not fit`() throws {
    #expect(PlannerEvent(type: "GoalCreated", data: [:]) == nil)
    for (type, text) in landed {
      let data = try data(text)
      #expect(PlannerEvent(type: type, data: [:]) == nil)
      #expect(PlannerEvent(type: type, data: nil) == nil)
      for member in data.object!.members where member.value != .null {
        #expect(PlannerEvent(type: type, data: data.with(member.name, 5)) == nil)
      }
      for side in ["before", "after"] {
        guard let members = data[side], members["ranks"] == nil else { continue }
        for member in members.object!.members {
          let wrong = data.with(side, members.with(member.name, [1]))
          #expect(PlannerEvent(type: type, data: wrong) == nil, "\(type) \(side) \(member.name)")
        }
        if data["before"] != nil && data["after"] != nil {
          #expect(PlannerEvent(type: type, data: data.with(side, [:])) == nil)
        }
      }
    }
  }

  @Test func `does not read ranks that are none`() {
    for ranks in [["K": 1], .object([idText(4): "1"]), []] as [JSON] {
      let data: JSON = ["before": ["ranks": [:]], "after": ["ranks": ranks]]
      #expect(PlannerEvent(type: "TasksReranked", data: data) == nil)
    }
  }
}
