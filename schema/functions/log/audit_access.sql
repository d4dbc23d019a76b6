-- Attempts of the access record, a row each; access_id strictly beyond `beyond` in the direction asked. Filters as in
-- audit_applied; one by event type lets none pass, since nothing here wrote an event.
CREATE OR REPLACE FUNCTION log.audit_access(
  own_person uuid, own_planner uuid, of_planner uuid, since timestamptz, until timestamptz, of_person uuid,
  of_uid bigint, of_entity uuid, of_command text, of_type text, of_result text, oldest_first boolean,
  beyond bigint, how_many integer
) RETURNS TABLE (at timestamptz, access_id bigint, entry json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- Planned for each call, when what is null drops out and the order is that of an index.
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_sort = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT a.at, a.access_id, json_build_object(
           'at', a.at, 'personId', a.person_id, 'uid', a.uid, 'pid', a.pid, 'command', a.command,
           'planner', a.planner_id, 'commandId', a.command_id, 'entityId', a.entity_id,
           'result', a.result, 'error', a.error, 'message', a.message,
           'durationMicroseconds', a.duration_us, 'firstPosition', NULL, 'lastPosition', NULL,
           'eventTypes', json_build_array())
    FROM log.access a
   WHERE (CASE WHEN oldest_first THEN a.access_id > beyond ELSE a.access_id < beyond END)
     AND (own_person IS NULL OR a.person_id = own_person OR a.planner_id = own_planner)
     AND (of_planner IS NULL OR a.planner_id = of_planner)
     AND (since IS NULL OR a.at >= since)
     AND (until IS NULL OR a.at < until)
     AND (of_person IS NULL OR a.person_id = of_person)
     AND (of_uid IS NULL OR a.uid = of_uid)
     AND (of_entity IS NULL OR a.entity_id = of_entity)
     AND (of_command IS NULL OR a.command = of_command)
     AND of_type IS NULL
     AND (of_result IS NULL OR a.result = of_result)
   ORDER BY CASE WHEN oldest_first THEN a.access_id END, CASE WHEN NOT oldest_first THEN a.access_id END DESC
   LIMIT how_many;
END
$$;
GRANT EXECUTE ON FUNCTION log.audit_access TO plannerd_append;
