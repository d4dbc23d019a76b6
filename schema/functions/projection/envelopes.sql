-- Who wrote some events of a scope, when, and by which command: by the versions of its stream (of a build over all streams: by
-- positions), as JSON in the form that clients get.
CREATE OR REPLACE FUNCTION projection.envelopes(build bigint, of_scope uuid, versions bigint[])
RETURNS TABLE (version bigint, envelope text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT wanted.version, json_build_object(
           'position', e.position, 'type', e.type, 'commandId', e.command_id, 'personId', e.person_id,
           'uid', e.uid, 'pid', e.pid, 'recordedAt', projection.rfc3339(e.recorded_at),
           'occurredAt', projection.rfc3339(e.occurred_at))::text
    FROM unnest(versions) AS wanted (version)
    JOIN projection.builds b ON b.build_id = build
    JOIN LATERAL (
      SELECT * FROM log.events one WHERE b.category IS NULL AND one.position = wanted.version
      UNION ALL
      SELECT * FROM log.events one
       WHERE one.category = b.category AND one.stream_id = of_scope AND one.version = wanted.version) e ON true
   ORDER BY wanted.version
$$;
GRANT EXECUTE ON FUNCTION projection.envelopes TO plannerd_query, plannerd_project;
