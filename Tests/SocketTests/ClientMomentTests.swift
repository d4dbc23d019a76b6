import JSON
import Testing

@testable import planner

/// What the client asks about other moments than now, against answers prepared beforehand.
@Suite struct ClientMomentTests {
  private let theme: JSON = [
    "themeId": "bbbb0000-0000-7000-8000-000000000003", "name": "Sleep", "pillarName": "Health",
    "ratingPercent": 70,
  ]

  private func rows(_ rows: JSON...) -> JSON { ["position": 7, "rows": .array(rows)] }

  private func same(_ left: JSON?, _ right: JSON) -> Bool {
    left?.canonicalBytes == right.canonicalBytes
  }

  // MARK: At

  @Test func `asks about a moment, and finds names as of then`() throws {
    let run = try ClientRun(
      ["tasks", "--theme", "Sleep", "--at", "-3d"],
      [ClientPeer().reply(rows(theme)).reply(rows())])
    for call in run.calls {
      #expect(call["parameters"]?["asOf"] == ["instant": "2026-11-22T12:00:00Z"])
    }
    #expect(run.calls[1]["parameters"]?["themeId"] == theme["themeId"])
  }

  @Test func `says when tasks are due as of the moment`() throws {
    let task: JSON = ["taskId": "k", "title": "Run", "status": "open", "dueDate": "2026-11-23"]
    let run = try ClientRun(
      ["tasks", "--at", "2026-11-22T09:00"], [ClientPeer().reply(rows(task))])
    #expect(run.output.contains("tomorrow"))
  }

  @Test(arguments: [
    "pillars", "themes", "ratings", "tasks", "best", "removed", "preferences", "history", "trend",
    "momentum", "throughput", "tags", "activity",
  ])
  func `every list takes a position`(command: String) throws {
    let run = try ClientRun(
      [command, "--at", "#1234", "--json"], [ClientPeer().reply(rows())])
    #expect(run.calls.first?["parameters"]?["asOf"] == ["position": 1_234])
  }

  @Test func `a moment that is none is a slip`() throws {
    let run = try ClientRun(["pillars", "--at", "whenever"], [])
    #expect(run.code == .usage)
    #expect(run.message.contains("last tuesday 9am"))
    let ahead = try ClientRun(
      ["pillars", "--at", "2027-01-01"],
      [
        ClientPeer().error(
          "org.plannerd.views.InvalidInput",
          ["parameter": "asOf.instant", "rule": "inTheFuture", "message": "m"])
      ])
    #expect(ahead.code == .usage)
    #expect(ahead.message == "--at: that moment has not come yet")
    let far = try ClientRun(
      ["pillars", "--at", "99"],
      [
        ClientPeer().error(
          "org.plannerd.views.InvalidInput",
          [
            "parameter": "asOf.position", "rule": "outOfRange",
            "message": "asOf.position must be 0 to 9, the last position of the log",
          ])
      ])
    #expect(far.message == "--at: a position is 0 to 9, the last position of the log")
  }

  // MARK: What if

  @Test func `asks what would be, and writes nothing`() throws {
    let difference: JSON = [
      "since": 7, "until": 7, "complete": true,
      "rows": [
        [
          "key": "p", "kind": "changed", "before": ["name": "Health", "avgPercent": 70],
          "after": ["name": "Health", "avgPercent": 80], "columns": ["avgPercent", "version"],
          "events": [],
        ]
      ],
    ]
    let run = try ClientRun(
      ["what-if", "theme rate Sleep 80", "--", "pillars"],
      [ClientPeer().reply(rows(theme)).reply(difference)])
    #expect(
      run.output == """
        What if: Rated Sleep 80 % (was 70 %)
        1 row of pillars would change
        ~ Health
            avgPercent  70 → 80

        """)
    let parameters = run.calls[1]["parameters"]
    #expect(run.calls[1]["method"] == "org.plannerd.views.Changes")
    #expect(parameters?["method"] == "PillarAverages")
    #expect(
      same(
        parameters?["whatIf"]?[0]?["rateTheme"],
        ["themeId": theme["themeId"] ?? .null, "ratingPercent": 80]))
    #expect(!run.calls.contains { $0["method"] == "org.plannerd.planner.Submit" })
  }

  @Test func `names what the commands before have added`() throws {
    let run = try ClientRun(
      [
        "what-if", "--whole", "--json", "theme add Sleep --pillar Health; theme rate Sleep 80",
        "--",
        "themes", "--pillar", "Health",
      ],
      [
        ClientPeer().reply(rows(["pillarId": "p", "name": "Health"])).reply(rows(theme))
          .reply(rows(["pillarId": "p", "name": "Health"])).reply(rows(theme))
      ])
    #expect(run.calls[0]["parameters"]?["whatIf"] == nil)
    #expect(run.calls[1]["parameters"]?["whatIf"]?.array?.count == 1)
    let asked = run.calls.last
    #expect(asked?["method"] == "org.plannerd.views.ThemeRatings")
    #expect(asked?["parameters"]?["whatIf"]?.array?.count == 2)
    #expect(asked?["parameters"]?["pillarId"] == "p")
  }

  @Test func `a command that would be refused is named`() throws {
    let refused: (String) -> ClientPeer = { rule in
      ClientPeer().reply(self.rows(self.theme)).error(
        "org.plannerd.views.InvalidInput",
        ["parameter": "whatIf[0].rateTheme.themeId", "rule": .string(rule), "message": "No."])
    }
    let run = try ClientRun(["what-if", "theme rate Sleep 80", "pillars"], [refused("sameRating")])
    #expect(run.code == .rejected)
    #expect(run.message == "command 1 would be refused: No. [sameRating]")
    let gone = try ClientRun(
      ["what-if", "theme rate Sleep 80", "pillars"], [refused("noSuchTheme")])
    #expect(gone.code == .notFound)
  }

  @Test(arguments: [
    ["what-if", "pillars", "--", "pillars"], ["what-if", "", "--", "pillars"],
    ["what-if", "task add \"x", "--", "pillars"], ["what-if", "/no/such/file", "--", "pillars"],
    ["what-if", "task add x --dry-run", "--", "tasks"], ["what-if", "task add x", "--", "follow"],
    ["what-if", "task add x", "--", "tasks", "--at", "3"],
    ["what-if", "task add x", "--", "tasks", "--json"], ["changes", "tasks"],
    ["tasks", "--live", "--at", "3"], ["tasks", "--live", "--all"],
  ])
  func `a line that cannot be meant is a slip`(words: [String]) throws {
    let run = try ClientRun(words, [])
    #expect(run.code == .usage)
    #expect(!run.message.isEmpty)
  }

  @Test func `parts commands and words as a shell does`() {
    #expect(
      ShellWords.commands(#"task add "a; b" --tag 'c\d';theme rate x\ y 3"# + "\n\nx ''")
        == [["task", "add", "a; b", "--tag", #"c\d"#], ["theme", "rate", "x y", "3"], ["x", ""]])
    #expect(ShellWords.commands("a 'b") == nil)
    #expect(ShellWords.commands("a \\") == nil)
    #expect(ShellWords.commands(" ; ;\n") == [])
  }

  // MARK: Why and changes

  private let event: JSON = [
    "position": 6, "type": "ThemeRated", "commandId": "c", "personId": "p", "uid": 4_294_967_000,
    "pid": 1, "recordedAt": "2026-11-25T10:00:00Z", "occurredAt": "2026-11-25T10:00:00Z",
    "columns": [
      ["name": "ratingPercent", "before": "40", "after": "70"],
      ["name": "lastReflectionNote", "before": .null, "after": "\"Better\""],
      ["name": "version", "before": "5", "after": "6"],
    ],
  ]

  @Test func `tells the events behind a row`() throws {
    let answer: JSON = [
      "position": 7, "row": theme, "changes": [event], "complete": true,
    ]
    let run = try ClientRun(
      ["why", "themes", "Sleep", "--at", "7"], [ClientPeer().reply(rows(theme)).reply(answer)])
    #expect(
      run.output == """
        Sleep at position 7
        #6  2026-11-25 10:00:00  uid 4294967000  ThemeRated
            ratingPercent       40 → 70
            lastReflectionNote  – → Better

        """)
    #expect(
      same(
        run.calls[1]["parameters"],
        [
          "method": "ThemeRatings", "key": theme["themeId"] ?? .null, "asOf": ["position": 7],
        ]))
  }

  @Test func `a row that never was is not found`() throws {
    let nothing: JSON = ["position": 7, "changes": [], "complete": true]
    let run = try ClientRun(["why", "Colours", "#aa"], [ClientPeer().reply(nothing)])
    #expect(run.code == .notFound)
    #expect(try ClientRun(["why", "taskz", "x"], []).code == .notFound)
  }

  @Test func `names a pillar within a compound key`() throws {
    let pillar: JSON = ["pillarId": "aaaa1111-0000-7000-8000-000000000001", "name": "Health"]
    let nothing: JSON = ["position": 7, "changes": [], "complete": true]
    let run = try ClientRun(
      ["why", "trend", "Health,2026-11-20"], [ClientPeer().reply(rows(pillar)).reply(nothing)])
    #expect(
      run.calls[1]["parameters"]?["key"] == "aaaa1111-0000-7000-8000-000000000001,2026-11-20")
    let other = try ClientRun(
      ["why", "throughput", "2026-11-20,Health"],
      [ClientPeer().reply(rows(pillar)).reply(nothing)])
    #expect(
      other.calls[1]["parameters"]?["key"] == "2026-11-20,aaaa1111-0000-7000-8000-000000000001")
  }

  @Test func `shows what differs between two moments`() throws {
    let answer: JSON = [
      "since": 3, "until": 7, "complete": false,
      "rows": [
        [
          "key": "a", "kind": "added", "after": ["title": "Swim", "priority": 3], "columns": [],
          "events": [event],
        ],
        ["key": "b", "kind": "gone", "before": ["title": "Run"], "columns": [], "events": []],
      ],
    ]
    let run = try ClientRun(
      [
        "changes", "--since", "yesterday", "--until", "#7", "--", "tasks", "--tag", "x", "--sort",
        "due",
      ],
      [ClientPeer().reply(answer)])
    #expect(
      run.output == """
        2 rows of tasks differ between positions 3 and 7
        + Swim  priority 3
            by #6  2026-11-25 10:00:00  uid 4294967000  ThemeRated
        - Run

        """)
    #expect(run.errors == "There is more than is shown.\n")
    #expect(
      same(
        run.calls[0]["parameters"],
        [
          "method": "Tasks", "parameters": ["tag": "x"],
          "since": ["instant": "2026-11-24T00:00:00Z"], "until": ["position": 7],
        ]))
  }

  // MARK: Live

  @Test func `shows a list again when its rows change, over a lost connection`() throws {
    func pillar(_ percent: Int) -> JSON {
      rows(["pillarId": "p", "name": "Health", "avgPercent": .int(percent)])
    }
    let run = try ClientRun(
      ["pillars", "--live"],
      [
        ClientPeer().reply(pillar(50), continues: true).reply(pillar(60), continues: true).end(),
        ClientPeer().reply(pillar(60), continues: true).reply(pillar(70), continues: true).end(),
        ClientPeer().error("org.plannerd.views.Fault", ["message": "enough"]),
      ])
    #expect(run.code == .fault)
    let shown = run.output.split(separator: "\n\n")
    #expect(shown.count == 3)
    #expect(shown.last?.contains("70 %") == true)
    #expect(run.calls.count == 3)
    #expect(run.calls.allSatisfy { $0["more"] == true })
  }

  @Test func `a live list is a line an answer with json`() throws {
    let run = try ClientRun(
      ["tasks", "--live", "--json", "--sort", "due"],
      [
        ClientPeer().reply(rows(["taskId": "a"]), continues: true)
          .reply(rows(["taskId": "b"]), continues: true)
          .error("org.plannerd.views.Fault", ["message": "enough"])
      ])
    #expect(run.output.split(separator: "\n").count == 2)
    #expect(run.calls[0]["parameters"]?["sort"] == "due")
  }

  @Test func `draws over what was drawn, within the height of a terminal`() {
    let terminal = Terminal(collecting: 20, height: 4)
    var screen = LiveScreen(terminal)
    screen.show(["a", "b", "c"], footer: "f")
    screen.show(["d"], footer: "g")
    let clear = "\u{1B}[K\n"
    #expect(
      terminal.text == "\u{1B}[?7la\(clear)b\(clear)f\(clear)\u{1B}[J\u{1B}[?7h"
        + "\u{1B}[?7l\u{1B}[3A\rd\(clear)g\(clear)\u{1B}[J\u{1B}[?7h")
  }

  // MARK: Any view

  private let description: JSON = [
    "description": """
    # All of them.
    interface org.plannerd.views

    type AsOf (position: ?int, instant: ?string)

    # How often a colour was
    # chosen, e. g. red. And more.
    #
    # Even more.
    method Colours(
      shade: ?string, least: ?int, bright: ?bool, atLeast: ?int, asOf: ?AsOf
    ) -> (position: int)

    method Why(key: string) -> (position: int)
    """
  ]

  @Test func `lists the views with their first sentences`() throws {
    let run = try ClientRun(["views"], [ClientPeer().reply(description)])
    #expect(run.output == "View     Answers\nColours  How often a colour was chosen, e. g. red.\n")
  }

  @Test func `shows any view, its parameters of the types that it has`() throws {
    let run = try ClientRun(
      ["view", "Colours", "shade=5", "least=2", "bright=true"],
      [
        ClientPeer().reply(description).reply(
          rows(["color": "red", "chosen": 2], ["color": "blue", "hue": 0.5, "chosen": 10]))
      ])
    #expect(same(run.calls[1]["parameters"], ["shade": "5", "least": 2, "bright": true]))
    #expect(
      run.output == """
        color    hue  chosen
        red                2
        blue   0.500      10

        """)
    let plain = try ClientRun(
      ["view", "Colours", "shade=dark"], [ClientPeer().reply(rows())])
    #expect(plain.calls.count == 1)
    #expect(plain.output == "No rows.\n")
    #expect(try ClientRun(["view", "Colours", "shade"], []).code == .usage)
  }

  // MARK: How it goes

  @Test func `plots the averages of pillars`() throws {
    func day(_ pillar: String, _ day: String, _ percent: JSON) -> JSON {
      [
        "pillarId": .string(pillar), "pillarName": .string(pillar), "day": .string(day),
        "avgPercent": percent, "ratedThemes": 1,
      ]
    }
    let run = try ClientRun(
      ["trend"],
      [
        ClientPeer().reply(
          rows(
            day("Health", "2026-11-23", 10), day("Health", "2026-11-24", 50),
            day("Health", "2026-11-25", 100), day("Work", "2026-11-24", 60),
            day("Work", "2026-11-25", 40)))
      ])
    #expect(
      run.output == """
        Pillar  Trend  First  Last              Change
        Health  ▁▅█     10 %  ██████████ 100 %     +90
        Work     ▅▄     60 %  ████░░░░░░  40 %     -20

        """)
    #expect(run.calls[0]["parameters"]?["fromDay"] == "2026-09-27")
  }

  @Test func `a series that is longer than its room keeps the end of each part`() {
    #expect(Sparkline.text([0, 100, 0, 50], width: 2) == "█▅")
    #expect(Sparkline.text([nil, 0], width: 9) == " ▁")
    #expect(Sparkline.text([], width: 9) == "")
  }
}
