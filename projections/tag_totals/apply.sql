-- A counter: each task is taken off the totals of its tags as it was before the batch, and added as it is after it.
-- Both are known in one statement, since its parts all see the tables as they were before it.
DECLARE
  types text[] := ARRAY(SELECT DISTINCT type FROM batch);
BEGIN
  IF types && ARRAY[
    'TaskCreated', 'TaskChanged', 'TaskStarted', 'TaskCompleted', 'TaskReopened', 'TaskRemoved',
    'TaskRestored'] THEN
    WITH changed AS (
      SELECT merged.planner_id, merged.task_id, last.known, next.tags, next.status,
        next."effortMinutes", next."timeEstimate", next."createdAt", next."removedAt"
      FROM (
        SELECT planner_id, task_id,
          concat('{', string_agg(members, ',' ORDER BY position), '}')::jsonb AS members
        FROM (
          SELECT stream_id AS planner_id, (data->>'taskId')::uuid AS task_id, position,
            CASE type
              WHEN 'TaskCreated' THEN
                '"tags": null, "effortMinutes": null, "timeEstimate": null, "removedAt": null,'
                '"createdAt": ' || to_json(occurred_at) || ', '
                || left(right(data->>'after', -1), -1)
              WHEN 'TaskRemoved' THEN '"removedAt": ' || to_json(occurred_at)
              WHEN 'TaskRestored' THEN
                concat_ws(
                  ', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
              ELSE nullif(left(right(data->>'after', -1), -1), '')
            END AS members
          FROM batch
          WHERE type IN (
            'TaskCreated', 'TaskStarted', 'TaskCompleted', 'TaskReopened', 'TaskRemoved',
            'TaskRestored')
            OR type = 'TaskChanged'
              AND data->'after' ?| ARRAY['tags', 'status', 'effortMinutes', 'timeEstimate']
        ) AS events
        GROUP BY planner_id, task_id
      ) AS merged
      CROSS JOIN LATERAL (
        SELECT (
          SELECT known FROM tasks AS known
          WHERE known.planner_id = merged.planner_id AND known."taskId" = merged.task_id
        ) AS known
        OFFSET 0
      ) AS last
      CROSS JOIN LATERAL jsonb_populate_record(last.known, merged.members) AS next
      WHERE next."createdAt" IS NOT NULL
    ),
    written AS (
      INSERT INTO tasks (
        planner_id, "taskId", tags, status, "effortMinutes", "timeEstimate", "createdAt",
        "removedAt")
      SELECT planner_id, task_id, tags, status, "effortMinutes", "timeEstimate", "createdAt",
        "removedAt"
      FROM changed
      ON CONFLICT (planner_id, "taskId") DO UPDATE SET
        (tags, status, "effortMinutes", "timeEstimate", "createdAt", "removedAt")
        = (excluded.tags, excluded.status, excluded."effortMinutes", excluded."timeEstimate",
          excluded."createdAt", excluded."removedAt")
    )
    INSERT INTO totals (planner_id, tag, open, "inProgress", done, "minutesLeft", "minutesDone")
    SELECT planner_id, tag,
      coalesce(sum(sign) FILTER (WHERE status = 'open'), 0),
      coalesce(sum(sign) FILTER (WHERE status = 'inProgress'), 0),
      coalesce(sum(sign) FILTER (WHERE status = 'done'), 0),
      coalesce(sum(sign * minutes) FILTER (WHERE status <> 'done'), 0),
      coalesce(sum(sign * minutes) FILTER (WHERE status = 'done'), 0)
    FROM (
      SELECT changed.planner_id, tag, side.sign, side.status,
        coalesce(
          side.effort,
          CASE side.estimate WHEN '15m' THEN 15 WHEN '30m' THEN 30 WHEN '1h' THEN 60
            WHEN '2h+' THEN 120 ELSE 0 END) AS minutes
      FROM changed
      CROSS JOIN LATERAL (
        VALUES
          (-1, (known).tags, (known).status, (known)."effortMinutes", (known)."timeEstimate",
            (known)."removedAt"),
          (1, changed.tags, changed.status, "effortMinutes", "timeEstimate", "removedAt")
      ) AS side (sign, tags, status, effort, estimate, removed_at)
      CROSS JOIN LATERAL unnest(side.tags) AS tag
      WHERE side.removed_at IS NULL
    ) AS deltas
    GROUP BY planner_id, tag
    ON CONFLICT (planner_id, tag) DO UPDATE SET
      (open, "inProgress", done, "minutesLeft", "minutesDone")
      = (totals.open + excluded.open, totals."inProgress" + excluded."inProgress",
        totals.done + excluded.done, totals."minutesLeft" + excluded."minutesLeft",
        totals."minutesDone" + excluded."minutesDone");

    -- A tag that came and went within a batch would have no row: so one that went must have none.
    DELETE FROM totals
    WHERE planner_id = ANY (ARRAY(SELECT DISTINCT stream_id FROM batch))
      AND open = 0 AND "inProgress" = 0 AND done = 0;
  END IF;
END;
