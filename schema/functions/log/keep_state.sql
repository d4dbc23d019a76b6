-- Keeps the state of a stream as of a version, in the place of an older one. Nothing is kept where the stream has no such
-- version, or has been erased from since: a state from before would hold what is to be forgotten.
CREATE OR REPLACE FUNCTION log.keep_state(
  of_category text, of_stream uuid, at_version bigint, in_format int, content text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- An erasure comes before or after. Appends go on meanwhile.
  PERFORM projection.lock_history(of_stream, false);
  INSERT INTO log.states AS s (category, stream_id, version, hash, format, state)
  SELECT e.category, e.stream_id, e.version, e.hash, in_format, content
    FROM log.events e
   WHERE e.category = of_category AND e.stream_id = of_stream AND e.version = at_version
     AND NOT EXISTS (SELECT FROM log.events x
                      WHERE x.category = of_category AND x.stream_id = of_stream AND x.version > at_version
                        AND x.type = 'EventsErased')
  ON CONFLICT (category, stream_id) DO UPDATE
    SET (version, hash, format, state, kept_at)
      = (excluded.version, excluded.hash, excluded.format, excluded.state, excluded.kept_at)
    WHERE s.version < excluded.version OR s.format <> excluded.format OR s.hash <> excluded.hash;
END
$$;
GRANT EXECUTE ON FUNCTION log.keep_state TO plannerd_append;
