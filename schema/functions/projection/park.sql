-- Parks the scope of the event at a position, at which apply() fails: the build goes on without that scope.
CREATE OR REPLACE FUNCTION projection.park(build bigint, at_position bigint, reason text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO projection.parked (build_id, scope, position, event_type, message)
  SELECT b.build_id, CASE WHEN b.category IS NULL THEN NULL ELSE e.stream_id END, e.position, e.type, reason
    FROM projection.builds b, log.events e
   WHERE b.build_id = build AND e.position = at_position
  ON CONFLICT DO NOTHING
$$;
GRANT EXECUTE ON FUNCTION projection.park TO plannerd_project;
