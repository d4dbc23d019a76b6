-- Each statement merges the events of a thing into one JSON object and lays that over the row there
-- was. The merge joins the members of the `after` objects in the order of the log, as text: where
-- there may be many, from rows that are sorted once, not for each aggregate. json_populate_record
-- then changes the columns that occur, a null included, and no others; of a member that occurs
-- twice it takes the last. A thing whose creation is not in the log any more (it was erased) has no
-- "createdAt" and no row.

-- Live, a batch is an event or two: a statement that none of them concerns is skipped, which halves
-- the cost.
DECLARE
  types text[] := ARRAY(SELECT DISTINCT type FROM batch);
BEGIN
  IF types && ARRAY['PillarCreated', 'PillarChanged', 'PillarRemoved', 'PillarRestored'] THEN
    INSERT INTO pillars (
      planner_id, "pillarId", name, "createdBy", "createdAt", "removedAt", position)
    SELECT merged.planner_id, merged.pillar_id, next.name, next."createdBy", next."createdAt",
      next."removedAt", merged.position
    FROM (
      SELECT planner_id, pillar_id, max(position) AS position,
        concat('{', string_agg(members, ','), '}')::json AS members
      FROM (
        SELECT stream_id AS planner_id, (data->>'pillarId')::uuid AS pillar_id, position,
          CASE type
            WHEN 'PillarCreated' THEN
              '"removedAt": null, "createdBy": "' || command_id || '", "createdAt": '
              || to_json(occurred_at) || ', ' || left(right(data->>'after', -1), -1)
            WHEN 'PillarRemoved' THEN '"removedAt": ' || to_json(occurred_at)
            WHEN 'PillarRestored' THEN
              concat_ws(', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
            ELSE nullif(left(right(data->>'after', -1), -1), '')
          END AS members
        FROM batch
        WHERE type IN ('PillarCreated', 'PillarChanged', 'PillarRemoved', 'PillarRestored')
        ORDER BY planner_id, pillar_id, position
      ) AS events
      GROUP BY planner_id, pillar_id
    ) AS merged
    CROSS JOIN LATERAL json_populate_record(
      (SELECT known FROM pillars AS known
        WHERE known.planner_id = merged.planner_id AND known."pillarId" = merged.pillar_id),
      merged.members) AS next
    WHERE next."createdAt" IS NOT NULL
    ON CONFLICT (planner_id, "pillarId") DO UPDATE SET
      (name, "createdBy", "createdAt", "removedAt", position)
      = (excluded.name, excluded."createdBy", excluded."createdAt", excluded."removedAt",
        excluded.position);
  END IF;

  IF types && ARRAY['ThemeCreated', 'ThemeChanged', 'ThemeRemoved', 'ThemeRestored'] THEN
    INSERT INTO themes (
      planner_id, "themeId", "pillarId", name, "createdBy", "createdAt", "removedAt", position)
    SELECT merged.planner_id, merged.theme_id, next."pillarId", next.name, next."createdBy",
      next."createdAt", next."removedAt", merged.position
    FROM (
      SELECT planner_id, theme_id, max(position) AS position,
        concat('{', string_agg(members, ','), '}')::json AS members
      FROM (
        SELECT stream_id AS planner_id, (data->>'themeId')::uuid AS theme_id, position,
          CASE type
            WHEN 'ThemeCreated' THEN
              '"removedAt": null, "createdBy": "' || command_id || '", "createdAt": '
              || to_json(occurred_at) || ', ' || left(right(data->>'after', -1), -1)
            WHEN 'ThemeRemoved' THEN '"removedAt": ' || to_json(occurred_at)
            WHEN 'ThemeRestored' THEN
              concat_ws(', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
            ELSE nullif(left(right(data->>'after', -1), -1), '')
          END AS members
        FROM batch
        WHERE type IN ('ThemeCreated', 'ThemeChanged', 'ThemeRemoved', 'ThemeRestored')
        ORDER BY planner_id, theme_id, position
      ) AS events
      GROUP BY planner_id, theme_id
    ) AS merged
    CROSS JOIN LATERAL json_populate_record(
      (SELECT known FROM themes AS known
        WHERE known.planner_id = merged.planner_id AND known."themeId" = merged.theme_id),
      merged.members) AS next
    WHERE next."createdAt" IS NOT NULL
    ON CONFLICT (planner_id, "themeId") DO UPDATE SET
      ("pillarId", name, "createdBy", "createdAt", "removedAt", position)
      = (excluded."pillarId", excluded.name, excluded."createdBy", excluded."createdAt",
        excluded."removedAt", excluded.position);
  END IF;

  IF types && ARRAY[
    'TaskCreated', 'TaskChanged', 'TaskMoved', 'TaskStarted', 'TaskCompleted', 'TaskReopened',
    'TaskSnoozed', 'TaskWoken', 'TaskRemoved', 'TaskRestored', 'TasksReranked'] THEN
    INSERT INTO tasks (
      planner_id, "taskId", "themeId", title, description, notes, "timeEstimate", "effortMinutes",
      impact, priority, status, "dueDate", "dueAt", "snoozedUntil", "completedAt", rank, tags,
      "taskType", recurrence, "createdBy", "createdAt", "updatedAt", version, "removedAt", position)
    SELECT merged.planner_id, merged.task_id, next."themeId", next.title, next.description,
      next.notes, next."timeEstimate", next."effortMinutes", next.impact, next.priority,
      next.status, next."dueDate", next."dueAt", next."snoozedUntil", next."completedAt",
      next.rank, next.tags, next."taskType", next.recurrence, next."createdBy", next."createdAt",
      merged.updated_at, merged.version, next."removedAt", merged.position
    FROM (
      SELECT planner_id, task_id, max(position) AS position, max(version) AS version,
        bool_or(type = 'TaskCreated') AS is_created,
        (array_agg(occurred_at))[count(*)] AS updated_at,
        concat('{', string_agg(members, ','), '}')::json AS members
      FROM (
        SELECT stream_id AS planner_id, (data->>'taskId')::uuid AS task_id, position, version,
          occurred_at, type,
          CASE type
            -- The nulls first: an id that was removed may be created again, with fewer fields.
            WHEN 'TaskCreated' THEN
              '"themeId": null, "description": null, "notes": null, "timeEstimate": null,'
              '"effortMinutes": null, "impact": null, "dueDate": null, "dueAt": null,'
              '"snoozedUntil": null, "completedAt": null, "tags": null, "recurrence": null,'
              '"removedAt": null, "createdBy": "' || command_id || '", "createdAt": '
              || to_json(occurred_at) || ', ' || left(right(data->>'after', -1), -1)
            WHEN 'TaskRemoved' THEN '"removedAt": ' || to_json(occurred_at)
            WHEN 'TaskRestored' THEN
              concat_ws(', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
            ELSE nullif(left(right(data->>'after', -1), -1), '')
          END AS members
        FROM batch
        WHERE type IN (
          'TaskCreated', 'TaskChanged', 'TaskMoved', 'TaskStarted', 'TaskCompleted', 'TaskReopened',
          'TaskSnoozed', 'TaskWoken', 'TaskRemoved', 'TaskRestored')
        UNION ALL
        SELECT stream_id, ranks.key::uuid, position, version, occurred_at, type,
          '"rank": ' || ranks.value
        FROM batch CROSS JOIN LATERAL jsonb_each_text(data->'after'->'ranks') AS ranks
        WHERE type = 'TasksReranked' AND 'TasksReranked' = ANY (types)
        ORDER BY planner_id, task_id, position
      ) AS events
      GROUP BY planner_id, task_id
    ) AS merged
    CROSS JOIN LATERAL json_populate_record(
      -- A creation says all that there is to a task.
      (SELECT known FROM tasks AS known
        WHERE NOT merged.is_created
          AND known.planner_id = merged.planner_id AND known."taskId" = merged.task_id),
      merged.members) AS next
    WHERE next."createdAt" IS NOT NULL
    ON CONFLICT (planner_id, "taskId") DO UPDATE SET
      ("themeId", title, description, notes, "timeEstimate", "effortMinutes", impact, priority,
        status, "dueDate", "dueAt", "snoozedUntil", "completedAt", rank, tags, "taskType",
        recurrence, "createdBy", "createdAt", "updatedAt", version, "removedAt", position)
      = (excluded."themeId", excluded.title, excluded.description, excluded.notes,
        excluded."timeEstimate", excluded."effortMinutes", excluded.impact, excluded.priority,
        excluded.status, excluded."dueDate", excluded."dueAt", excluded."snoozedUntil",
        excluded."completedAt", excluded.rank, excluded.tags, excluded."taskType",
        excluded.recurrence, excluded."createdBy", excluded."createdAt", excluded."updatedAt",
        excluded.version, excluded."removedAt", excluded.position);
  END IF;

  IF types && ARRAY['PreferencesChanged'] THEN
    INSERT INTO preferences (
      planner_id, urgency, priority, impact, effort, timezone, "workStart", "workEnd", "weekStart",
      "habitLearning", extra, "updatedAt", version)
    SELECT merged.planner_id, next.urgency, next.priority, next.impact, next.effort, next.timezone,
      next."workStart", next."workEnd", next."weekStart", next."habitLearning", next.extra,
      merged.updated_at, merged.version
    FROM (
      SELECT stream_id AS planner_id, max(version) AS version,
        (array_agg(occurred_at ORDER BY position))[count(*)] AS updated_at,
        concat(
          '{',
          string_agg(nullif(left(right(data->>'after', -1), -1), ''), ',' ORDER BY position),
          '}')::json AS members
      FROM batch
      WHERE type = 'PreferencesChanged'
      GROUP BY stream_id
    ) AS merged
    CROSS JOIN LATERAL json_populate_record(
      (SELECT known FROM preferences AS known WHERE known.planner_id = merged.planner_id),
      merged.members) AS next
    ON CONFLICT (planner_id) DO UPDATE SET
      (urgency, priority, impact, effort, timezone, "workStart", "workEnd", "weekStart",
        "habitLearning", extra, "updatedAt", version)
      = (excluded.urgency, excluded.priority, excluded.impact, excluded.effort, excluded.timezone,
        excluded."workStart", excluded."workEnd", excluded."weekStart", excluded."habitLearning",
        excluded.extra, excluded."updatedAt", excluded.version);
  END IF;

  IF types && ARRAY['CommandUndone', 'CommandRedone'] THEN
    INSERT INTO undone (planner_id, "commandId", undone)
    SELECT DISTINCT ON (stream_id, data->>'commandId') stream_id, (data->>'commandId')::uuid,
      type = 'CommandUndone'
    FROM batch
    WHERE type IN ('CommandUndone', 'CommandRedone')
    ORDER BY stream_id, data->>'commandId', position DESC
    ON CONFLICT (planner_id, "commandId") DO UPDATE SET undone = excluded.undone;
  END IF;

END;
