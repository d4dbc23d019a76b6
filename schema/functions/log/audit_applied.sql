-- Commands that were applied, a row each, from the envelopes of their events; positions strictly beyond
-- `beyond` in the direction asked. Null filters let all pass; own_person and own_planner null: an administrator.
CREATE OR REPLACE FUNCTION log.audit_applied(
  own_person uuid, own_planner uuid, of_planner uuid, since timestamptz, until timestamptz, of_person uuid,
  of_uid bigint, of_entity uuid, of_command text, of_type text, of_result text, oldest_first boolean,
  beyond bigint, how_many integer
) RETURNS TABLE (at timestamptz, event_position bigint, entry json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- Planned for each call, when what is null drops out and the order is that of an index.
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_sort = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT f.recorded_at, f.position, json_build_object(
           'at', f.recorded_at, 'personId', f.person_id, 'uid', f.uid, 'pid', f.pid, 'command', f.command,
           'planner', CASE WHEN f.category = 'planner' THEN f.stream_id END, 'commandId', f.command_id,
           'entityId', own.entity, 'result', 'applied', 'error', NULL, 'message', NULL,
           'durationMicroseconds', coalesce(f.duration_us, 0), 'firstPosition', f.position,
           'lastPosition', own.last_position, 'eventTypes', own.types)
    FROM (SELECT f.*, stop.position AS stop
            FROM log.events f
           -- The events of a command stand together, its first one alone has the hash of its body.
           CROSS JOIN LATERAL (
                   SELECT coalesce((SELECT e.position FROM log.events e
                                     WHERE e.position > f.position AND e.command_hash IS NOT NULL
                                     ORDER BY e.position LIMIT 1), 9223372036854775807) AS position) stop
           WHERE f.command_hash IS NOT NULL
             AND (CASE WHEN oldest_first THEN f.position > beyond ELSE f.position < beyond END)
             AND (own_person IS NULL OR f.person_id = own_person OR f.stream_id IN (own_planner, own_person))
             AND (of_planner IS NULL OR (f.category = 'planner' AND f.stream_id = of_planner))
             AND (since IS NULL OR f.recorded_at >= since)
             AND (until IS NULL OR f.recorded_at < until)
             AND (of_person IS NULL OR f.person_id = of_person)
             AND (of_uid IS NULL OR f.uid = of_uid)
             AND (of_command IS NULL OR f.command = of_command)
             AND (of_result IS NULL OR of_result = 'applied')
             AND ((of_entity IS NULL AND of_type IS NULL) OR EXISTS (
                   SELECT FROM log.events e
                    WHERE e.position >= f.position AND e.position < stop.position
                      AND (of_type IS NULL OR e.type = of_type)
                      AND (of_entity IS NULL
                           OR of_entity::text IN (e.data ->> 'taskId', e.data ->> 'themeId', e.data ->> 'pillarId'))))
           ORDER BY CASE WHEN oldest_first THEN f.position END, CASE WHEN NOT oldest_first THEN f.position END DESC
           LIMIT how_many) f
   CROSS JOIN LATERAL (
           SELECT max(e.position) AS last_position, json_agg(e.type ORDER BY e.position) AS types,
                  -- What the command names: the entity of its last event (a removal ends with the thing itself).
                  (array_agg(coalesce(e.data ->> 'taskId', e.data ->> 'themeId', e.data ->> 'pillarId')
                             ORDER BY e.position DESC)
                     FILTER (WHERE e.category = f.category))[1] AS entity
             FROM log.events e
            WHERE e.position >= f.position AND e.position < f.stop) own;
END
$$;
GRANT EXECUTE ON FUNCTION log.audit_applied TO plannerd_append;
