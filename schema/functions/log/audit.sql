-- Every attempt as one sequence: what was applied, from the log, and the rest, from the access record, merged by
-- time. Both sources are in commit order, so that the pair of last ids seen is a cursor that stays right while
-- either grows.
CREATE OR REPLACE FUNCTION log.audit(
  own_person uuid, own_planner uuid, of_planner uuid, since timestamptz, until timestamptz, of_person uuid,
  of_uid bigint, of_entity uuid, of_command text, of_type text, of_result text, oldest_first boolean,
  beyond_position bigint, beyond_access bigint, how_many integer
) RETURNS TABLE (event_position bigint, access_id bigint, entry json)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.position, m.access_id, m.entry
    FROM (SELECT at, event_position AS position, NULL::bigint AS access_id, entry
            FROM log.audit_applied(own_person, own_planner, of_planner, since, until, of_person, of_uid,
                   of_entity, of_command, of_type, of_result, oldest_first, beyond_position, how_many)
           UNION ALL
          SELECT at, NULL, access_id, entry
            FROM log.audit_access(own_person, own_planner, of_planner, since, until, of_person, of_uid,
                   of_entity, of_command, of_type, of_result, oldest_first, beyond_access, how_many)) m
   ORDER BY CASE WHEN oldest_first THEN m.at END,
            CASE WHEN NOT oldest_first THEN m.at END DESC,
            CASE WHEN oldest_first THEN coalesce(m.position, m.access_id)
                 ELSE -coalesce(m.position, m.access_id) END
   LIMIT how_many
$$;
GRANT EXECUTE ON FUNCTION log.audit TO plannerd_append;
