/// The folder of a projection that keeps a time series: a row for each event that matters, with its time.
enum ProjectionNewSeries {
  static func files(_ name: ProjectionName) -> [NewFile] {
    [
      NewFile("table.sql", table), NewFile("apply.sql", apply),
      NewFile("queries/\(name.method).sql", query), NewFile("README.md", readme(name)),
      NewFile("tests/undone_and_redone.json", json(name)),
      NewFile("tests/two_a_day.sql", sql(name)),
    ]
  }

  private static let table = """
    -- scope: planner
    -- series: completions
    -- The first line says whose rows these are: each table begins with planner_id, in its key too. The second names the
    -- tables that are only added to, and says so to who asks about the past.
    CREATE TABLE completions (
      planner_id uuid NOT NULL,
      position bigint NOT NULL,
      -- By which an undo finds what it takes back.
      "commandId" uuid NOT NULL,
      -- The time that the event speaks of, which may be long before it was written.
      at timestamptz NOT NULL,
      PRIMARY KEY (planner_id, position)
    );

    -- Commands that were undone at some time, and whether they still are.
    CREATE TABLE undone (
      planner_id uuid NOT NULL,
      "commandId" uuid NOT NULL,
      undone boolean NOT NULL,
      PRIMARY KEY (planner_id, "commandId")
    );
    """

  private static let apply = """
    -- `batch` holds the events to fold: one, or a hundred thousand. Rows are added and never changed.
    INSERT INTO completions (planner_id, position, "commandId", at)
    SELECT stream_id, position, command_id, occurred_at
    FROM batch
    WHERE type = 'TaskCompleted';

    -- What an undo takes back is left out by the query. Of several events about a command the last counts.
    INSERT INTO undone (planner_id, "commandId", undone)
    SELECT DISTINCT ON (stream_id, data->>'commandId')
      stream_id, (data->>'commandId')::uuid, type = 'CommandUndone'
    FROM batch
    WHERE type IN ('CommandUndone', 'CommandRedone')
    ORDER BY stream_id, data->>'commandId', position DESC
    ON CONFLICT (planner_id, "commandId") DO UPDATE SET undone = excluded.undone;
    """

  private static let query = """
    -- How many tasks were completed on each day of UTC on which there was one. This text is the documentation of the
    -- method.
    --
    -- parameters: planner uuid, fromDay date?
    -- never null: day, completed
    -- key: day
    SELECT (at AT TIME ZONE 'UTC')::date AS day, count(*) AS completed
    FROM completions
    WHERE planner_id = $1
      AND ($2 IS NULL OR (at AT TIME ZONE 'UTC')::date >= $2)
      AND NOT EXISTS (
        SELECT FROM undone
        WHERE undone.planner_id = completions.planner_id
          AND undone."commandId" = completions."commandId"
          AND undone.undone)
    GROUP BY day
    ORDER BY day
    """

  private static func readme(_ name: ProjectionName) -> String {
    """
    # \(name.text)

    How many tasks were completed a day: a row for each completion at the time that it speaks of, without those that were
    undone. The query makes days of them.
    """
  }

  private static func json(_ name: ProjectionName) -> String {
    """
    {
      "given": [
        {"type": "TaskCompleted", "data": {"taskId": "01900003-0000-7000-8000-000000000001", "after": {"status": "done"}}, "occurredAt": "2026-11-02T08:00:00Z", "commandId": "01900009-0000-7000-8000-000000000001", "command": "completeTask"},
        {"type": "TaskCompleted", "data": {"taskId": "01900003-0000-7000-8000-000000000002", "after": {"status": "done"}}, "occurredAt": "2026-11-03T08:00:00Z", "commandId": "01900009-0000-7000-8000-000000000002", "command": "completeTask"},
        {"type": "CommandUndone", "data": {"commandId": "01900009-0000-7000-8000-000000000001"}, "commandId": "01900009-0000-7000-8000-000000000003", "command": "undo"},
        {"type": "CommandUndone", "data": {"commandId": "01900009-0000-7000-8000-000000000002"}, "commandId": "01900009-0000-7000-8000-000000000004", "command": "undo"},
        {"type": "CommandRedone", "data": {"commandId": "01900009-0000-7000-8000-000000000001"}, "commandId": "01900009-0000-7000-8000-000000000005", "command": "undo"}
      ],
      "expect": {
        "\(name.method)": {
          "rows": [{"day": "2026-11-02", "completed": 1}]
        }
      }
    }
    """
  }

  private static func sql(_ name: ProjectionName) -> String {
    """
    -- given
    SELECT 'TaskCompleted' AS type,
      jsonb_build_object(
        'taskId', format('01900003-0000-7000-8000-%s', lpad(number::text, 12, '0'))) AS data,
      timestamptz '2026-11-01T08:00Z' + number / 2 * interval '1 day' AS occurred_at
    FROM generate_series(0, 19) AS number
    -- expect \(name.method) {"fromDay": "2026-11-05"}
    SELECT date '2026-11-01' + number AS day, 2 AS completed
    FROM generate_series(4, 9) AS number
    """
  }
}
