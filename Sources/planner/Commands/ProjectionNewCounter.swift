/// The folder of a projection that keeps totals, to which an event adds or from which it takes.
enum ProjectionNewCounter {
  static func files(_ name: ProjectionName) -> [NewFile] {
    [
      NewFile("table.sql", table), NewFile("apply.sql", apply),
      NewFile("queries/\(name.method).sql", query), NewFile("README.md", readme(name)),
      NewFile("tests/come_and_gone.json", json(name)),
      NewFile("tests/a_hundred_tasks.sql", sql(name)),
    ]
  }

  private static let table = """
    -- scope: planner
    -- The line above says whose rows these are. Each table begins with planner_id, in its key too.
    CREATE TABLE totals (
      planner_id uuid NOT NULL,
      thing text NOT NULL,
      total bigint NOT NULL,
      PRIMARY KEY (planner_id, thing)
    );
    """

  private static let apply = """
    -- `batch` holds the events to fold: one, or a hundred thousand. They are added up first, since ON CONFLICT fails where
    -- a row occurs twice. An undo needs nothing of its own: it writes …Removed and …Restored like these.
    INSERT INTO totals (planner_id, thing, total)
    SELECT stream_id, CASE WHEN type LIKE 'Theme%' THEN 'theme' ELSE 'task' END AS thing,
      sum(CASE WHEN type LIKE '%Removed' THEN -1 ELSE 1 END)
    FROM batch
    WHERE type IN (
      'ThemeCreated', 'ThemeRemoved', 'ThemeRestored', 'TaskCreated', 'TaskRemoved', 'TaskRestored')
    GROUP BY stream_id, thing
    -- What there was and what came: the same total however the log is cut.
    ON CONFLICT (planner_id, thing) DO UPDATE SET total = totals.total + excluded.total;
    """

  private static let query = """
    -- How many themes and tasks there are. This text is the documentation of the method.
    --
    -- parameters: planner uuid, thing text?
    -- never null: thing, total
    -- key: thing
    SELECT thing, total
    FROM totals
    WHERE planner_id = $1 AND ($2 IS NULL OR thing = $2)
    ORDER BY thing
    """

  private static func readme(_ name: ProjectionName) -> String {
    """
    # \(name.text)

    How many themes and tasks there are: totals that a creation adds to and a removal takes from.
    """
  }

  private static func json(_ name: ProjectionName) -> String {
    """
    {
      "given": [
        {"type": "ThemeCreated", "data": {"themeId": "01900002-0000-7000-8000-000000000001", "after": {"name": "Sleep"}}},
        {"type": "TaskCreated", "data": {"taskId": "01900003-0000-7000-8000-000000000001", "after": {"title": "Run"}}},
        {"type": "TaskCreated", "data": {"taskId": "01900003-0000-7000-8000-000000000002", "after": {"title": "Rest"}}},
        {"type": "TaskRemoved", "data": {"taskId": "01900003-0000-7000-8000-000000000001", "before": {"title": "Run"}}},
        {"type": "ThemeRemoved", "data": {"themeId": "01900002-0000-7000-8000-000000000001", "before": {"name": "Sleep"}}},
        {"type": "ThemeRestored", "data": {"themeId": "01900002-0000-7000-8000-000000000001", "after": {"name": "Sleep"}}}
      ],
      "expect": {
        "\(name.method)": {
          "rows": [{"thing": "task", "total": 1}, {"thing": "theme", "total": 1}]
        }
      }
    }
    """
  }

  private static func sql(_ name: ProjectionName) -> String {
    """
    -- given
    SELECT 'TaskCreated' AS type,
      jsonb_build_object(
        'taskId', format('01900003-0000-7000-8000-%s', lpad(number::text, 12, '0')),
        'after', jsonb_build_object('title', 'Task ' || number)
      ) AS data
    FROM generate_series(1, 100) AS number
    -- expect \(name.method) {"thing": "task"}
    SELECT 'task' AS thing, 100 AS total
    """
  }
}
