-- A row for each event: the query makes lines of commands of them.
DECLARE
  types text[] := ARRAY(SELECT DISTINCT type FROM batch);
BEGIN
  INSERT INTO events (
    planner_id, position, "commandId", command, at, "recordedAt", "personId", uid, "entityId", undoes)
  SELECT stream_id, position, command_id, command, occurred_at, recorded_at, person_id, uid,
    -- Of a reordering the task that it makes room for is the thing concerned, not the theme.
    CASE WHEN type <> 'TasksReranked' THEN
      coalesce(data->>'taskId', data->>'themeId', data->>'pillarId')::uuid
    END,
    CASE WHEN type IN ('CommandUndone', 'CommandRedone') THEN data->>'commandId' END
  FROM batch;

  IF types && ARRAY['CommandUndone', 'CommandRedone'] THEN
    -- A redo brings back the command that it names, and takes back the undo in the envelope.
    INSERT INTO undone (planner_id, "commandId", "undoneBy")
    SELECT DISTINCT ON (planner_id, command_id) planner_id, command_id, undone_by
    FROM (
      SELECT stream_id AS planner_id, (data->>'commandId')::uuid AS command_id, position,
        CASE type WHEN 'CommandUndone' THEN command_id END AS undone_by
      FROM batch
      WHERE type IN ('CommandUndone', 'CommandRedone')
      UNION ALL
      SELECT stream_id, undoes, position, command_id
      FROM batch
      WHERE type = 'CommandRedone' AND undoes IS NOT NULL
    ) AS events
    ORDER BY planner_id, command_id, position DESC
    ON CONFLICT (planner_id, "commandId") DO UPDATE SET "undoneBy" = excluded."undoneBy";
  END IF;
END;
