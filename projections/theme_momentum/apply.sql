-- Ratings and steps are a time series: rows are added and never changed. What an undo takes back stays, with its
-- command, and the query leaves it out for as long as that command is undone; the undo itself adds nothing.
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

  IF types && ARRAY['ThemeCreated', 'ThemeChanged', 'ThemeRemoved', 'ThemeRestored'] THEN
    INSERT INTO themes (planner_id, "themeId", "pillarId", name, "createdAt", "removedAt")
    SELECT merged.planner_id, merged.theme_id, next."pillarId", next.name, next."createdAt",
      next."removedAt"
    FROM (
      SELECT planner_id, theme_id,
        concat('{', string_agg(members, ',' ORDER BY position), '}')::jsonb AS members
      FROM (
        SELECT stream_id AS planner_id, (data->>'themeId')::uuid AS theme_id, position,
          CASE type
            WHEN 'ThemeCreated' THEN
              '"removedAt": null, "createdAt": ' || to_json(occurred_at) || ', '
              || left(right(data->>'after', -1), -1)
            WHEN 'ThemeRemoved' THEN '"removedAt": ' || to_json(occurred_at)
            WHEN 'ThemeRestored' THEN
              concat_ws(', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
            ELSE nullif(left(right(data->>'after', -1), -1), '')
          END AS members
        FROM batch
        WHERE type IN ('ThemeCreated', 'ThemeChanged', 'ThemeRemoved', 'ThemeRestored')
      ) AS events
      GROUP BY planner_id, theme_id
    ) AS merged
    CROSS JOIN LATERAL jsonb_populate_record(
      (SELECT known FROM themes AS known
        WHERE known.planner_id = merged.planner_id AND known."themeId" = merged.theme_id),
      merged.members) AS next
    WHERE next."createdAt" IS NOT NULL
    ON CONFLICT (planner_id, "themeId") DO UPDATE SET
      ("pillarId", name, "createdAt", "removedAt")
      = (excluded."pillarId", excluded.name, excluded."createdAt", excluded."removedAt");
  END IF;

  IF types && ARRAY['ThemeRated'] THEN
    INSERT INTO ratings (planner_id, position, "commandId", "themeId", at, "ratingPercent")
    SELECT stream_id, position, command_id, (data->>'themeId')::uuid, occurred_at,
      (data->'after'->>'ratingPercent')::integer
    FROM batch
    WHERE type = 'ThemeRated' AND data->'after'->>'ratingPercent' IS NOT NULL;
  END IF;

  IF types && ARRAY['TaskCreated', 'TaskMoved', 'TaskCompleted', 'TaskReopened'] THEN
    INSERT INTO steps (planner_id, position, "commandId", "taskId", at, step, "themeId")
    SELECT stream_id, position, command_id, (data->>'taskId')::uuid, occurred_at,
      CASE type WHEN 'TaskCreated' THEN 'created' WHEN 'TaskMoved' THEN 'moved'
        WHEN 'TaskCompleted' THEN 'done' ELSE 'reopened' END,
      (data->'after'->>'themeId')::uuid
    FROM batch
    WHERE type IN ('TaskCreated', 'TaskMoved', 'TaskCompleted', 'TaskReopened');
  END IF;
END;
