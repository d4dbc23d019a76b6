-- Events nearly as they are: the query makes the sentences, so that another wording needs no new build.
DECLARE
  types text[] := ARRAY(SELECT DISTINCT type FROM batch);
BEGIN
  INSERT INTO events (
    planner_id, position, type, data, "commandId", "personId", uid, at, "recordedAt", "entityId")
  SELECT stream_id, position, type,
    CASE WHEN type IN (
      'PillarChanged', 'ThemeChanged', 'TaskChanged', 'ThemeRated', 'TaskMoved', 'TaskSnoozed',
      'PreferencesChanged', 'CommandUndone', 'CommandRedone') THEN data END,
    command_id, person_id, uid, occurred_at, recorded_at,
    coalesce(data->>'taskId', data->>'themeId', data->>'pillarId')::uuid
  FROM batch;

  IF types && ARRAY[
    'PillarCreated', 'PillarChanged', 'PillarRestored', 'ThemeCreated', 'ThemeChanged',
    'ThemeRestored', 'TaskCreated', 'TaskChanged', 'TaskRestored'] THEN
    INSERT INTO names (planner_id, "entityId", position, name)
    SELECT stream_id, coalesce(data->>'taskId', data->>'themeId', data->>'pillarId')::uuid,
      position, coalesce(data->'after'->>'title', data->'after'->>'name')
    FROM batch
    WHERE type IN (
      'PillarCreated', 'PillarChanged', 'PillarRestored', 'ThemeCreated', 'ThemeChanged',
      'ThemeRestored', 'TaskCreated', 'TaskChanged', 'TaskRestored')
      AND data->'after' ?| ARRAY['title', 'name'];
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
