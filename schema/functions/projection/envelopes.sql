-- Who wrote some events of a scope, when, and by which command: by the versions of its stream (of a build over all streams: by
-- positions). Instants are microseconds since 1970.
CREATE OR REPLACE FUNCTION projection.envelopes(build bigint, of_scope uuid, versions bigint[])
RETURNS TABLE (
  version bigint, "position" bigint, type text, command_id uuid, person_id uuid, uid bigint, pid integer,
  recorded_at bigint, occurred_at bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT wanted.version, e.position, e.type, e.command_id, e.person_id, e.uid, e.pid,
         (extract(epoch FROM e.recorded_at) * 1000000)::bigint,
         (extract(epoch FROM e.occurred_at) * 1000000)::bigint
    FROM unnest(versions) AS wanted (version)
    JOIN projection.builds b ON b.build_id = build
    JOIN LATERAL (
      SELECT * FROM log.events one WHERE b.category IS NULL AND one.position = wanted.version
      UNION ALL
      SELECT * FROM log.events one
       WHERE one.category = b.category AND one.stream_id = of_scope AND one.version = wanted.version) e ON true
$$;
GRANT EXECUTE ON FUNCTION projection.envelopes TO plannerd_query, plannerd_project;
