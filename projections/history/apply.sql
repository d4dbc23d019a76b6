-- The events of a command follow one another in the log, but a batch may end among them.
INSERT INTO commands (
  planner_id, "commandId", command, position, "lastPosition", events, at, "recordedAt", "personId",
  uid, "entityId", undoes)
SELECT stream_id, command_id, max(command), min(position), max(position), count(*),
  min(occurred_at), min(recorded_at), (array_agg(person_id))[1], min(uid),
  -- Of a reordering the task that it made room for is the thing concerned, not the theme.
  (array_agg(coalesce(data->>'taskId', data->>'themeId', data->>'pillarId')::uuid ORDER BY position)
    FILTER (WHERE type <> 'TasksReranked' AND data ?| ARRAY['taskId', 'themeId', 'pillarId']))[1],
  coalesce(
    array_agg(data->>'commandId' ORDER BY position)
      FILTER (WHERE type IN ('CommandUndone', 'CommandRedone')),
    '{}')
FROM batch
GROUP BY stream_id, command_id
ON CONFLICT (planner_id, "commandId") DO UPDATE SET
  (command, "lastPosition", events, "entityId", undoes)
  = (coalesce(commands.command, excluded.command), excluded."lastPosition",
    commands.events + excluded.events, coalesce(commands."entityId", excluded."entityId"),
    commands.undoes || excluded.undoes);

IF EXISTS (SELECT FROM batch WHERE type IN ('CommandUndone', 'CommandRedone')) THEN
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
