-- What an undo must know of a stream's past, as it was at version `upto`: the events of some commands and, since the
-- first of them, those about what these touched or about other things named, those that put something into a theme
-- or pillar that a command made, removed or restored, and what was undone and redone.
--
-- Where an older command that touched the same things was undone or redone since, the past begins with that command.
-- `data` is null once erased; `command` is the name of the event's command.
CREATE OR REPLACE FUNCTION log.past(
  of_category text, of_stream uuid, upto bigint, of_commands uuid[], of_entities uuid[]
) RETURNS TABLE (version bigint, type text, data text, command_id uuid, command text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- Planned for each call: how far back it goes decides how.
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  start    bigint;
  older    bigint;
  entities text[];
  holders  text[];
BEGIN
  -- The events of a command stand together, its first one alone has the command's name.
  SELECT min(f.version),
         array_agg(DISTINCT own.entity) FILTER (WHERE own.entity IS NOT NULL),
         array_agg(DISTINCT own.entity) FILTER (WHERE own.holds)
    INTO start, entities, holders
    FROM log.events f
   CROSS JOIN LATERAL (
           SELECT coalesce((SELECT e.version FROM log.events e
                             WHERE e.category = of_category AND e.stream_id = of_stream
                               AND e.version > f.version AND e.command_hash IS NOT NULL
                             ORDER BY e.version LIMIT 1), upto + 1) AS version) stop
   CROSS JOIN LATERAL (
           SELECT CASE WHEN e.type = 'PreferencesChanged' THEN 'preferences'
                       WHEN e.type <> 'TasksReranked'
                       THEN coalesce(e.data ->> 'taskId', e.data ->> 'themeId', e.data ->> 'pillarId')
                  END AS entity,
                  e.type IN ('PillarCreated', 'PillarRemoved', 'PillarRestored',
                             'ThemeCreated', 'ThemeRemoved', 'ThemeRestored') AS holds
             FROM log.current_events e
            WHERE e.category = of_category AND e.stream_id = of_stream
              AND e.version >= f.version AND e.version < stop.version) own
   WHERE f.category = of_category AND f.stream_id = of_stream AND f.command_id = ANY (of_commands)
     AND f.command_hash IS NOT NULL AND f.version <= upto;
  IF start IS NULL THEN
    RETURN;
  END IF;
  entities := coalesce(entities, '{}') || of_entities::text[];
  holders := coalesce(holders, '{}');

  LOOP
    SELECT min(f.version) INTO older
      FROM log.current_events m
      JOIN log.events f ON f.category = of_category AND f.stream_id = of_stream
                       AND f.command_id = (m.data ->> 'commandId')::uuid AND f.command_hash IS NOT NULL
     CROSS JOIN LATERAL (
             SELECT coalesce((SELECT e.version FROM log.events e
                               WHERE e.category = of_category AND e.stream_id = of_stream
                                 AND e.version > f.version AND e.command_hash IS NOT NULL
                               ORDER BY e.version LIMIT 1), upto + 1) AS version) stop
     WHERE m.category = of_category AND m.stream_id = of_stream AND m.version >= start AND m.version <= upto
       AND m.type IN ('CommandUndone', 'CommandRedone') AND f.version < start
       AND EXISTS (
             SELECT FROM log.current_events e
              WHERE e.category = of_category AND e.stream_id = of_stream
                AND e.version >= f.version AND e.version < stop.version
                AND CASE WHEN e.type = 'PreferencesChanged' THEN 'preferences'
                         WHEN e.type <> 'TasksReranked'
                         THEN coalesce(e.data ->> 'taskId', e.data ->> 'themeId', e.data ->> 'pillarId')
                    END = ANY (entities));
    EXIT WHEN older IS NULL;
    start := older;
  END LOOP;

  RETURN QUERY
  SELECT e.version, e.type, e.data::text, e.command_id,
         (SELECT f.command FROM log.events f
           WHERE f.category = of_category AND f.stream_id = of_stream AND f.command_id = e.command_id
             AND f.command_hash IS NOT NULL)
    FROM log.current_events e
   WHERE e.category = of_category AND e.stream_id = of_stream AND e.version >= start AND e.version <= upto
     AND CASE
           WHEN e.type IN ('CommandUndone', 'CommandRedone', 'TasksReranked') THEN true
           WHEN e.command_id = ANY (of_commands) THEN true
           WHEN e.type = 'PreferencesChanged' THEN 'preferences' = ANY (entities)
           ELSE coalesce(e.data ->> 'taskId', e.data ->> 'themeId', e.data ->> 'pillarId') = ANY (entities)
             OR (holders <> '{}'
                 AND (e.data -> 'after' ->> 'themeId' = ANY (holders)
                      OR e.data -> 'after' ->> 'pillarId' = ANY (holders)))
         END
   ORDER BY e.version;
END
$$;
GRANT EXECUTE ON FUNCTION log.past TO plannerd_append;
