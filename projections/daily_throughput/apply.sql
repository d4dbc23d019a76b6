-- A time series: rows are added and never changed. What an undo takes back stays, with its command, and the query
-- leaves it out for as long as that command is undone; what the undo itself writes is not added.
DECLARE
  types text[] := ARRAY(SELECT DISTINCT type FROM batch);
BEGIN
  IF types && ARRAY['CommandUndone', 'CommandRedone'] THEN
    INSERT INTO undone (planner_id, "commandId", undone)
    SELECT DISTINCT ON (stream_id, data->>'commandId') stream_id, (data->>'commandId')::uuid,
      type = 'CommandUndone'
    FROM batch
    WHERE type IN ('CommandUndone', 'CommandRedone')
    ORDER BY stream_id, data->>'commandId', position DESC
    ON CONFLICT (planner_id, "commandId") DO UPDATE SET undone = excluded.undone;

    INSERT INTO undos (planner_id, "commandId")
    SELECT DISTINCT stream_id, command_id
    FROM batch
    WHERE type IN ('CommandUndone', 'CommandRedone')
    ON CONFLICT DO NOTHING;
  END IF;

  IF types && ARRAY['PreferencesChanged'] THEN
    INSERT INTO timezones (planner_id, position, "commandId", timezone)
    SELECT stream_id, position, command_id, data->'after'->>'timezone'
    FROM batch
    WHERE type = 'PreferencesChanged' AND data->'after' ? 'timezone'
      AND (SELECT true FROM undos
        WHERE undos.planner_id = stream_id AND undos."commandId" = command_id) IS NULL;
  END IF;

  IF types && ARRAY['PillarCreated', 'PillarChanged', 'PillarRemoved', 'PillarRestored'] THEN
    INSERT INTO pillars (planner_id, "pillarId", name, "createdAt", "removedAt")
    SELECT merged.planner_id, merged.pillar_id, next.name, next."createdAt", next."removedAt"
    FROM (
      SELECT planner_id, pillar_id,
        concat('{', string_agg(members, ',' ORDER BY position), '}')::jsonb AS members
      FROM (
        SELECT stream_id AS planner_id, (data->>'pillarId')::uuid AS pillar_id, position,
          CASE type
            WHEN 'PillarCreated' THEN
              '"removedAt": null, "createdAt": ' || to_json(occurred_at) || ', '
              || left(right(data->>'after', -1), -1)
            WHEN 'PillarRemoved' THEN '"removedAt": ' || to_json(occurred_at)
            WHEN 'PillarRestored' THEN
              concat_ws(', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
            ELSE nullif(left(right(data->>'after', -1), -1), '')
          END AS members
        FROM batch
        WHERE type IN ('PillarCreated', 'PillarChanged', 'PillarRemoved', 'PillarRestored')
      ) AS events
      GROUP BY planner_id, pillar_id
    ) AS merged
    CROSS JOIN LATERAL jsonb_populate_record(
      (SELECT known FROM pillars AS known
        WHERE known.planner_id = merged.planner_id AND known."pillarId" = merged.pillar_id),
      merged.members) AS next
    WHERE next."createdAt" IS NOT NULL
    ON CONFLICT (planner_id, "pillarId") DO UPDATE SET
      (name, "createdAt", "removedAt")
      = (excluded.name, excluded."createdAt", excluded."removedAt");
  END IF;

  IF types && ARRAY['ThemeCreated', 'ThemeChanged'] THEN
    INSERT INTO theme_places (planner_id, "themeId", position, "commandId", at, "pillarId")
    SELECT stream_id, (data->>'themeId')::uuid, position, command_id,
      occurred_at, (data->'after'->>'pillarId')::uuid
    FROM batch
    WHERE type = 'ThemeCreated'
      OR type = 'ThemeChanged' AND data->'after' ? 'pillarId'
        AND (SELECT true FROM undos
          WHERE undos.planner_id = stream_id AND undos."commandId" = command_id) IS NULL;
  END IF;

  IF types && ARRAY['TaskCreated', 'TaskMoved', 'TaskCompleted', 'TaskReopened', 'TaskRemoved'] THEN
    INSERT INTO steps (planner_id, position, "commandId", "taskId", at, step, "themeId")
    SELECT stream_id, position, command_id, (data->>'taskId')::uuid,
      occurred_at,
      CASE type WHEN 'TaskCreated' THEN 'created' WHEN 'TaskMoved' THEN 'moved'
        WHEN 'TaskCompleted' THEN 'done' WHEN 'TaskReopened' THEN 'reopened' ELSE 'removed' END,
      (data->'after'->>'themeId')::uuid
    FROM batch
    WHERE type IN ('TaskCreated', 'TaskMoved', 'TaskCompleted')
      -- Back to open from in progress it was open all the time.
      OR type = 'TaskReopened' AND data->'before'->>'status' = 'done'
      OR type = 'TaskRemoved'
        AND (SELECT true FROM undos
          WHERE undos.planner_id = stream_id AND undos."commandId" = command_id) IS NULL;
  END IF;
END;
