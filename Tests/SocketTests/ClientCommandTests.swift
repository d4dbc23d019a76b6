import Glibc
import JSON
import Testing

@testable import planner

/// Whole commands, against answers prepared beforehand.
@Suite struct ClientCommandTests {
  private let applied: JSON = [
    "position": 9,
    "outcomes": [
      ["commandId": "x", "result": "applied", "firstPosition": 8, "lastPosition": 8, "version": 3]
    ],
  ]

  private func rows(_ rows: JSON...) -> JSON { ["position": 7, "rows": .array(rows)] }

  private let task: JSON = [
    "taskId": "aaaa1111-0000-7000-8000-000000000001", "title": "Run", "status": "open",
    "themeId": "bbbb0000-0000-7000-8000-000000000003", "themeName": "Sport", "priority": 3,
    "rank": 1024, "tags": [], "dueAt": "2026-11-25T15:00:00Z",
  ]

  private func body(_ run: ClientRun, _ name: String) -> JSON? {
    let submit = run.calls.last { $0["method"]?.string == "org.plannerd.planner.Submit" }
    return submit?["parameters"]?["commands"]?[0]?[name]
  }

  // MARK: Lists

  @Test func `lists pillars as bars`() throws {
    let health: JSON = [
      "pillarId": "aaaa1111-0000-7000-8000-000000000001", "name": "Health", "color": "#22aa66",
      "domain": "personal", "avgPercent": 64, "themes": 5, "ratedThemes": 4,
    ]
    let run = try ClientRun(["pillars"], [ClientPeer().reply(rows(health))])
    #expect(run.code == .ok)
    #expect(
      run.output == """
        ID        Pillar    Domain    Average           Themes  Rated
        aaaa1111  ● Health  personal  ██████░░░░  64 %       5      4

        """)
  }

  @Test func `gives what the socket gave, a line for each reply`() throws {
    let pages = ClientPeer()
      .reply(["position": 7, "rows": [["taskId": "a"]], "nextCursor": "c"])
      .reply(["position": 7, "rows": [["taskId": "b"]]])
    let run = try ClientRun(["tasks", "--all", "--json"], [pages])
    #expect(
      run.output == """
        {"position":7,"rows":[{"taskId":"a"}],"nextCursor":"c"}
        {"position":7,"rows":[{"taskId":"b"}]}

        """)
    #expect(run.calls[1]["parameters"]?["cursor"] == "c")
  }

  @Test func `passes filters on, names resolved`() throws {
    let theme: JSON = ["themeId": "bbbb0000-0000-7000-8000-000000000003", "name": "Sport"]
    let run = try ClientRun(
      [
        "tasks", "--theme", "sport", "--due-before", "3d", "--actionable", "--sort", "due",
        "--limit", "5", "--at-least", "6", "--planner", "p",
      ], [ClientPeer().reply(rows(theme)).reply(rows())])
    #expect(run.output == "No tasks like that.\n")
    #expect(
      run.calls[1]["parameters"] == [
        "planner": "p", "actionable": true, "themeId": "bbbb0000-0000-7000-8000-000000000003",
        "dueBefore": "2026-11-28", "sort": "due", "limit": 5, "atLeast": 6,
      ]
        || run.calls[1]["parameters"]?.canonicalBytes
          == ([
            "planner": "p", "actionable": true, "themeId": "bbbb0000-0000-7000-8000-000000000003",
            "dueBefore": "2026-11-28", "sort": "due", "limit": 5, "atLeast": 6,
          ] as JSON).canonicalBytes
    )
  }

  @Test func `shows all about a task`() throws {
    let run = try ClientRun(["task", "show", "Run"], [ClientPeer().reply(rows(task))])
    #expect(run.output.contains("due         2026-11-25 15:00 (in 3 hours)"))
    #expect(run.output.contains("in          Sport"))
  }

  @Test func `shows the score and its terms`() throws {
    var best = task.object ?? [:]
    best["score"] = 0.7125
    best["urgency"] = 0.8
    best["urgencyWeight"] = 40
    let run = try ClientRun(["best", "--terms"], [ClientPeer().reply(rows(.object(best)))])
    #expect(run.output.contains("0.713"))
    #expect(run.output.contains("0.80 × 40 %"))
  }

  @Test func `audits between times, as instants`() throws {
    let entry: JSON = [
      "at": "2026-11-25T10:00:00Z", "uid": 4_294_967_000, "command": "removeTheme",
      "result": "applied", "durationMicroseconds": 1234, "firstPosition": 4, "lastPosition": 6,
      "eventTypes": ["TaskRemoved", "TaskRemoved", "ThemeRemoved"],
    ]
    let run = try ClientRun(
      ["audit", "--since", "-3d", "--until", "today", "--oldest", "--result", "applied"],
      [ClientPeer().reply(["entries": [entry]])])
    #expect(run.output.contains("TaskRemoved ×2, ThemeRemoved"))
    #expect(run.output.contains("4–6"))
    #expect(run.output.contains("uid 4294967000"))
    let parameters = run.calls[0]["parameters"]
    #expect(parameters?["since"] == "2026-11-22T12:00:00Z")
    #expect(parameters?["until"] == "2026-11-25T00:00:00Z")
    #expect(parameters?["order"] == "oldest")
  }

  // MARK: Changes

  @Test func `adds a task with all its fields`() throws {
    let theme: JSON = ["themeId": "bbbb0000-0000-7000-8000-000000000003", "name": "Sport"]
    let run = try ClientRun(
      [
        "task", "add", "Title", "--theme", "Sport", "--impact", "H", "--estimate", "30m", "--due",
        "2026-11-28", "--priority", "5", "--tag", "a", "--tag", "b", "--effort", "45",
        "--description", "d", "--notes", "n", "--repeat", "FREQ=WEEKLY", "--catch-up", "next",
      ], [ClientPeer().reply(rows(theme)).reply(applied)])
    #expect(run.code == .ok)
    #expect(run.output.hasPrefix("Added “Title” to Sport, due in 3 days, id "))
    var sent = body(run, "createTask")?.object ?? [:]
    sent["taskId"] = nil
    #expect(
      JSON.object(sent).canonicalBytes
        == ([
          "themeId": "bbbb0000-0000-7000-8000-000000000003", "title": "Title", "description": "d",
          "notes": "n", "timeEstimate": "30m", "effortMinutes": 45, "impact": "H", "priority": 5,
          "dueDate": "2026-11-28", "tags": ["a", "b"],
          "recurrence": ["rule": "FREQ=WEEKLY", "catchUp": "next"],
        ] as JSON).canonicalBytes)
  }

  @Test func `changes and empties in one command`() throws {
    let run = try ClientRun(
      ["task", "edit", "Run", "--due", "2026-12-01", "--clear", "tags"],
      [ClientPeer().reply(rows(task)).reply(applied)])
    #expect(body(run, "changeTask")?["dueDate"] == "2026-12-01")
    #expect(body(run, "changeTask")?["clear"] == ["tags"])
  }

  @Test func `adds and takes away tags from those there are`() throws {
    var tagged = task.object ?? [:]
    tagged["tags"] = ["a", "b"]
    let run = try ClientRun(
      ["task", "edit", "Run", "--add-tag", "c", "--add-tag", "a", "--remove-tag", "b"],
      [ClientPeer().reply(rows(.object(tagged))).reply(applied)])
    #expect(body(run, "changeTask")?["tags"] == ["a", "c"])
  }

  @Test func `clears whichever due time there is`() throws {
    let run = try ClientRun(
      ["task", "edit", "Run", "--clear", "due"], [ClientPeer().reply(rows(task)).reply(applied)])
    #expect(body(run, "changeTask")?["clear"] == ["dueAt"])
  }

  @Test func `ranks a task first by the one that is first`() throws {
    let first: JSON = ["taskId": "cccc0000-0000-7000-8000-000000000009", "title": "First"]
    let run = try ClientRun(
      ["task", "rank", "Run", "--first"],
      [ClientPeer().reply(rows(task)).reply(rows(first)).reply(applied)])
    #expect(run.output.hasPrefix("Moved “Run” to the top"))
    #expect(body(run, "moveTask")?["beforeTaskId"] == "cccc0000-0000-7000-8000-000000000009")
    #expect(body(run, "moveTask")?["themeId"] == "bbbb0000-0000-7000-8000-000000000003")
  }

  @Test func `moves a task to the inbox, and not to two places`() throws {
    let run = try ClientRun(
      ["task", "move", "Run", "--inbox"], [ClientPeer().reply(rows(task)).reply(applied)])
    #expect(body(run, "moveTask")?["inbox"] == true)
    let both = try ClientRun(["task", "move", "Run", "--inbox", "--theme", "x"], [])
    #expect(both.code == .usage)
  }

  @Test func `snoozes from now`() throws {
    let run = try ClientRun(
      ["task", "snooze", "Run", "3d"], [ClientPeer().reply(rows(task)).reply(applied)])
    #expect(body(run, "snoozeTask")?["until"] == "2026-11-28T12:00:00Z")
    #expect(run.output.hasPrefix("Snoozed “Run” until 2026-11-28 12:00"))
  }

  @Test func `completes several in one call`() throws {
    let two: JSON = [
      "position": 9,
      "outcomes": [
        ["commandId": "x", "result": "applied", "firstPosition": 8, "lastPosition": 8],
        [
          "commandId": "y", "result": "rejected", "rule": "alreadyCompleted",
          "message": "The task is completed.",
        ],
      ],
    ]
    let run = try ClientRun(
      ["task", "done", "Run", "aaaa1111-0000-7000-8000-000000000001"],
      [ClientPeer().reply(rows(task)).reply(rows(task)).reply(two)])
    #expect(run.code == .rejected)
    #expect(run.output == "Completed “Run”  (position 8)\n")
    #expect(run.errors == "planner: Run: The task is completed. [alreadyCompleted]\n")
  }

  @Test func `says what went with a pillar`() throws {
    let pillar: JSON = [
      "pillarId": "aaaa1111-0000-7000-8000-000000000001", "name": "Health", "themes": 2,
    ]
    let removed: JSON = [
      "position": 9,
      "outcomes": [["commandId": "x", "result": "applied", "firstPosition": 3, "lastPosition": 9]],
    ]
    let run = try ClientRun(
      ["pillar", "rm", "Health"], [ClientPeer().reply(rows(pillar)).reply(removed)])
    #expect(run.output == "Removed pillar Health with 2 themes and 4 tasks  (position 9)\n")
  }

  @Test func `a dry run says so and asks for no more`() throws {
    let decided: JSON = ["position": 9, "outcomes": [["commandId": "x", "result": "applied"]]]
    let run = try ClientRun(
      ["pillar", "add", "Health", "--dry-run", "--at", "yesterday", "--expected-version", "4"],
      [ClientPeer().reply(decided)])
    #expect(run.output.contains("dry run, nothing changed"))
    let parameters = run.calls[0]["parameters"]
    #expect(parameters?["dryRun"] == true)
    #expect(parameters?["commands"]?[0]?["occurredAt"] == "2026-11-24T00:00:00Z")
    #expect(parameters?["commands"]?[0]?["expectedVersion"] == 4)
  }

  @Test func `sets preferences of every kind`() throws {
    let run = try ClientRun(
      [
        "preferences", "set", "--urgency", "50", "--timezone", "Europe/Berlin", "--habit-learning",
        "off", "--extra", #"{"a":1}"#,
      ], [ClientPeer().reply(applied)])
    #expect(
      body(run, "changePreferences")?.canonicalBytes
        == ([
          "urgency": 50, "timezone": "Europe/Berlin", "habitLearning": false, "extra": ["a": 1],
        ] as JSON).canonicalBytes)
    #expect(try ClientRun(["preferences", "set", "--extra", "[1]"], []).code == .usage)
    #expect(try ClientRun(["preferences", "set"], []).code == .usage)
  }

  // MARK: Errors

  @Test(arguments: [
    ("conflict", nil, ExitCode.conflict), ("idReused", nil, .conflict),
    ("rejected", "nameTaken", .rejected), ("rejected", "noSuchTheme", .notFound),
  ])
  func `ends with a code for each refusal`(result: String, rule: String?, code: ExitCode) throws {
    var outcome: JSONObject = ["commandId": "x", "result": .string(result)]
    outcome["rule"] = rule.map { .string($0) }
    let run = try ClientRun(
      ["pillar", "add", "x"],
      [ClientPeer().reply(["position": 1, "outcomes": [.object(outcome)]])])
    #expect(run.code == code)
    #expect(run.output == "")
  }

  @Test(arguments: [
    ("org.plannerd.planner.PlannerNotFound", ExitCode.notFound),
    ("org.plannerd.control.NotPermitted", .notPermitted),
    ("org.plannerd.control.NoSuchProjection", .notFound),
    ("org.plannerd.control.AlreadyRunning", .conflict),
    ("org.varlink.service.MethodNotFound", .fault),
    ("org.varlink.service.InvalidParameter", .usage),
    ("org.plannerd.planner.DatabaseUnavailable", .databaseUnavailable),
    ("org.plannerd.planner.Fault", .fault),
  ])
  func `ends with a code for each error`(name: String, code: ExitCode) throws {
    let run = try ClientRun(["rebuild", "tasks"], [ClientPeer().error(name, ["message": "m"])])
    #expect(run.code == code)
    #expect(!run.message.isEmpty)
  }

  // MARK: Following

  @Test func `goes on after the last event that was printed, whatever the head is`() throws {
    let event: JSON = [
      "position": 4, "type": "TaskCreated", "recordedAt": "2026-11-25T10:00:00Z",
      "data": ["taskId": "k", "after": ["title": "Run"]],
    ]
    let far: JSON = ["ready": true, "position": 1_000, "events": []]
    let run = try ClientRun(
      ["follow", "--after", "3"],
      [
        ClientPeer().reply(far, continues: true).end(),
        ClientPeer().reply(["ready": false, "position": 4, "events": [event]], continues: true)
          .end(),
        ClientPeer().error("org.plannerd.planner.Fault", ["message": "enough"]),
      ])
    #expect(run.code == .fault)
    #expect(run.output == "2026-11-25 10:00:00  #4  Added “Run”\n")
    #expect(run.calls.map { $0["parameters"]?["after"] } == [3, 3, 4])
  }

  // MARK: Jobs

  @Test func `follows a verification to its end`() throws {
    let report: JSON = [
      "position": 7, "equal": false,
      "tables": [
        [
          "table": "tasks", "liveRows": 3, "freshRows": 4, "live": "1", "fresh": "2",
          "equal": false,
        ]
      ],
    ]
    let ended: JSON = [
      "job": [
        "jobId": 1, "kind": "verify", "projection": "tasks", "state": "done", "report": report,
      ]
    ]
    let running: JSON = ["job": ["jobId": 1, "kind": "verify", "state": "running"]]
    let run = try ClientRun(
      ["watch", "1"],
      [ClientPeer().reply(running, continues: true).end(), ClientPeer().reply(ended)])
    #expect(run.code == .fault)
    #expect(run.output.hasPrefix("differs  tasks at position 7"))
    #expect(run.output.contains("3 rows live (1), 4 from the log (2)"))
  }

  @Test func `the state of the daemon is the exit code of health`() throws {
    let ready: JSON = ["state": "ready", "position": 5, "projections": []]
    let starting: JSON = ["state": "starting", "position": 0, "projections": []]
    #expect(try ClientRun(["health"], [ClientPeer().reply(ready)]).code == .ok)
    #expect(try ClientRun(["health"], [ClientPeer().reply(starting)]).code == .databaseUnavailable)
  }

  @Test func `calls any method by its full name`() throws {
    let run = try ClientRun(["call", "a.b.C", #"{"x":1}"#], [ClientPeer().reply(["y": 2])])
    #expect(run.output == "{\"y\":2}\n")
    #expect(try ClientRun(["call", "a.b.C", "[]"], []).code == .usage)
    #expect(try ClientRun(["call", "C"], []).code == .usage)
  }
}
