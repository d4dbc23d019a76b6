-- Most commands write one event, and their rows need no reducing: first the first events of all commands, then what
-- commands with several events add to their rows. A batch may begin or end among the events of a command.
DECLARE
  types text[];
  has_more boolean;
BEGIN
  SELECT array_agg(DISTINCT type), bool_or(command IS NULL) INTO types, has_more FROM batch;

  INSERT INTO commands (
    planner_id, "commandId", command, position, "lastPosition", events, at, "recordedAt",
    "personId", uid, "entityId", undoes)
  SELECT stream_id, command_id, command, position, position, 1, occurred_at, recorded_at,
    person_id, uid,
    -- Of a reordering the task that it makes room for is the thing concerned, not the theme.
    CASE WHEN type <> 'TasksReranked' THEN
      coalesce(data->>'taskId', data->>'themeId', data->>'pillarId')::uuid
    END,
    CASE WHEN type IN ('CommandUndone', 'CommandRedone') THEN ARRAY[data->>'commandId']
      ELSE '{}' END
  FROM batch
  WHERE command IS NOT NULL;

  IF has_more THEN
    INSERT INTO commands (
      planner_id, "commandId", position, "lastPosition", events, at, "recordedAt", "personId", uid,
      "entityId", undoes)
    SELECT stream_id, command_id, min(position), max(position), count(*), min(occurred_at),
      min(recorded_at), (array_agg(person_id))[1], min(uid),
      (array_agg(
        coalesce(data->>'taskId', data->>'themeId', data->>'pillarId')::uuid ORDER BY position)
        FILTER (WHERE type <> 'TasksReranked' AND data ?| ARRAY['taskId', 'themeId', 'pillarId'])
      )[1],
      coalesce(
        array_agg(data->>'commandId' ORDER BY position)
          FILTER (WHERE type IN ('CommandUndone', 'CommandRedone')),
        '{}')
    FROM batch
    WHERE command IS NULL
    GROUP BY stream_id, command_id
    ON CONFLICT (planner_id, "commandId") DO UPDATE SET
      ("lastPosition", events, "entityId", undoes)
      = (excluded."lastPosition", commands.events + excluded.events,
        coalesce(commands."entityId", excluded."entityId"), commands.undoes || excluded.undoes);
  END IF;

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
