/// The folder of a projection that keeps the latest values: a row for each thing, as it is now.
enum ProjectionNewLatest {
  static func files(_ name: ProjectionName) -> [NewFile] {
    [
      NewFile("table.sql", table), NewFile("apply.sql", apply),
      NewFile("queries/\(name.method).sql", query), NewFile("README.md", readme(name)),
      NewFile("tests/changed_and_removed.json", json(name)),
      NewFile("tests/a_hundred_tasks.sql", sql(name)),
    ]
  }

  private static let table = """
    -- scope: planner
    -- The line above says whose rows these are. Each table begins with planner_id, in its key too.
    CREATE TABLE tasks (
      planner_id uuid NOT NULL,
      -- Columns are named like the members of the events that fill them, in quotes.
      "taskId" uuid NOT NULL,
      title text NOT NULL,
      "dueDate" date,
      -- Null while the task is there.
      "removedAt" timestamptz,
      PRIMARY KEY (planner_id, "taskId")
    );
    """

  private static let apply = """
    -- `batch` holds the events to fold: one, or a hundred thousand. A task may be created, changed five times and removed
    -- in it, so it is first reduced to one row a task.
    INSERT INTO tasks (planner_id, "taskId", title, "dueDate", "removedAt")
    SELECT merged.planner_id, merged.task_id, next.title, next."dueDate", next."removedAt"
    FROM (
      SELECT planner_id, task_id,
        -- 2. The texts are joined in the order of the log; of a member that occurs twice jsonb keeps the last.
        concat('{', string_agg(members, ',' ORDER BY version), '}')::jsonb AS members
      FROM (
        SELECT stream_id AS planner_id, (data->>'taskId')::uuid AS task_id, version,
          -- 1. An event becomes members of a JSON object, as text without the braces. A creation first names as null
          -- what it may leave out.
          CASE type
            WHEN 'TaskCreated' THEN
              '"dueDate": null, "removedAt": null, ' || left(right(data->>'after', -1), -1)
            WHEN 'TaskRemoved' THEN '"removedAt": ' || to_json(occurred_at)
            WHEN 'TaskRestored' THEN
              concat_ws(', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
            ELSE nullif(left(right(data->>'after', -1), -1), '')
          END AS members
        FROM batch
        WHERE type IN ('TaskCreated', 'TaskChanged', 'TaskRemoved', 'TaskRestored')
      ) AS events
      GROUP BY planner_id, task_id
    ) AS merged
    -- 3. The object is laid over the row there was: columns that it names change, others stay.
    CROSS JOIN LATERAL jsonb_populate_record(
      (SELECT known FROM tasks AS known
        WHERE known.planner_id = merged.planner_id AND known."taskId" = merged.task_id),
      merged.members) AS next
    -- 4. A task whose creation was erased from the log has no row.
    WHERE next.title IS NOT NULL
    ON CONFLICT (planner_id, "taskId") DO UPDATE SET
      title = excluded.title, "dueDate" = excluded."dueDate", "removedAt" = excluded."removedAt";
    """

  private static let query = """
    -- The tasks that are there, by title. This text is the documentation of the method.
    --
    -- parameters: planner uuid, dueBefore date?
    -- never null: taskId, title
    -- key: taskId
    SELECT "taskId", title, "dueDate"
    FROM tasks
    WHERE planner_id = $1 AND "removedAt" IS NULL AND ($2 IS NULL OR "dueDate" < $2)
    ORDER BY title, "taskId"
    """

  private static func readme(_ name: ProjectionName) -> String {
    """
    # \(name.text)

    The tasks that are there, with their due dates: a row for each task, as it is now.
    """
  }

  private static func json(_ name: ProjectionName) -> String {
    """
    {
      "given": [
        {"type": "TaskCreated", "data": {"taskId": "01900003-0000-7000-8000-000000000001", "after": {"title": "Run", "priority": 3, "status": "open", "rank": 1024, "taskType": "adhoc"}}},
        {"type": "TaskCreated", "data": {"taskId": "01900003-0000-7000-8000-000000000002", "after": {"title": "Call", "priority": 3, "status": "open", "rank": 2048, "taskType": "adhoc", "dueDate": "2026-11-20"}}},
        {"type": "TaskChanged", "data": {"taskId": "01900003-0000-7000-8000-000000000001", "before": {"title": "Run"}, "after": {"title": "Run far"}}},
        {"type": "TaskRemoved", "data": {"taskId": "01900003-0000-7000-8000-000000000002", "before": {"title": "Call"}}},
        {"type": "TaskRestored", "data": {"taskId": "01900003-0000-7000-8000-000000000002", "after": {"title": "Call", "dueDate": "2026-11-20"}}},
        {"type": "TaskCreated", "data": {"taskId": "01900003-0000-7000-8000-000000000003", "after": {"title": "Rest", "priority": 3, "status": "open", "rank": 3072, "taskType": "adhoc"}}},
        {"type": "TaskRemoved", "data": {"taskId": "01900003-0000-7000-8000-000000000003", "before": {"title": "Rest"}}}
      ],
      "expect": {
        "\(name.method)": {
          "rows": [
            {"title": "Call", "dueDate": "2026-11-20"},
            {"title": "Run far", "dueDate": null}
          ]
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
        'after', jsonb_build_object('title', 'Task ' || number, 'dueDate', date '2026-11-01' + number)
      ) AS data
    FROM generate_series(1, 100) AS number
    -- expect \(name.method) {"dueBefore": "2026-11-12"}
    SELECT 'Task ' || number AS title, date '2026-11-01' + number AS "dueDate"
    FROM generate_series(1, 10) AS number
    ORDER BY title
    """
  }
}
