/// The folder of a projection over all streams, for administrators.
enum ProjectionNewAll {
  static func files(_ name: ProjectionName) -> [NewFile] {
    [
      NewFile("table.sql", table), NewFile("apply.sql", apply),
      NewFile("queries/\(name.method).sql", query), NewFile("README.md", readme(name)),
      NewFile("tests/commands.json", json(name)), NewFile("tests/many_commands.sql", sql(name)),
    ]
  }

  private static let table = """
    -- scope: all
    -- The line above says that `batch` holds the events of everyone; tables have no planner_id.
    CREATE TABLE commands (
      command text PRIMARY KEY,
      times bigint NOT NULL,
      "lastAt" timestamptz NOT NULL
    );
    """

  private static let apply = """
    -- `batch` holds the events to fold: one, or a hundred thousand. They are added up first, since ON CONFLICT fails where
    -- a row occurs twice. A command's name is on the first of its events only.
    INSERT INTO commands (command, times, "lastAt")
    SELECT command, count(*), max(recorded_at)
    FROM batch
    WHERE command IS NOT NULL
    GROUP BY command
    ON CONFLICT (command) DO UPDATE SET
      times = commands.times + excluded.times,
      "lastAt" = greatest(commands."lastAt", excluded."lastAt");
    """

  private static let query = """
    -- How often each command was given, by everyone, and when last. This text is the documentation of the method.
    --
    -- parameters: command text?
    -- never null: command, times, lastAt
    -- key: command
    SELECT command, times, "lastAt"
    FROM commands
    WHERE $1 IS NULL OR command = $1
    ORDER BY times DESC, command
    """

  private static func readme(_ name: ProjectionName) -> String {
    """
    # \(name.text)

    How often each command was given, over all planners and people. Only administrators may ask.
    """
  }

  private static func json(_ name: ProjectionName) -> String {
    """
    {
      "given": [
        {"type": "TaskCreated", "data": {"taskId": "01900003-0000-7000-8000-000000000001"}, "command": "createTask", "occurredAt": "2026-11-02T08:00:00Z"},
        {"type": "TaskCreated", "data": {"taskId": "01900003-0000-7000-8000-000000000002"}, "command": "createTask", "occurredAt": "2026-11-03T08:00:00Z"},
        {"type": "TaskRemoved", "data": {"taskId": "01900003-0000-7000-8000-000000000001"}, "command": "removeTask", "occurredAt": "2026-11-04T08:00:00Z"}
      ],
      "expect": {
        "\(name.method)": {
          "rows": [
            {"command": "createTask", "times": 2, "lastAt": "2026-11-03T08:00:00Z"},
            {"command": "removeTask", "times": 1}
          ]
        }
      }
    }
    """
  }

  private static func sql(_ name: ProjectionName) -> String {
    """
    -- given
    SELECT 'TaskCreated' AS type, jsonb_build_object('taskId', number) AS data,
      'command ' || number % 3 AS command
    FROM generate_series(1, 30) AS number
    -- expect \(name.method) {"command": "command 1"}
    SELECT 'command 1' AS command, 10 AS times
    """
  }
}
