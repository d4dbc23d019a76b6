-- The version that a stream had at a position of the log, 0 before its first event: versions and positions of a stream
-- rise together, so that it is found by halving.
CREATE OR REPLACE FUNCTION log.version_at(of_category text, of_stream uuid, at_position bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Known to be at the position or before it, and known to be after it.
  before bigint := 0;
  beyond bigint;
  middle bigint;
BEGIN
  SELECT e.version + 1 INTO beyond FROM log.events e
   WHERE e.category = of_category AND e.stream_id = of_stream ORDER BY e.version DESC LIMIT 1;
  WHILE beyond - before > 1 LOOP
    middle := (before + beyond) / 2;
    IF (SELECT e.position FROM log.events e
         WHERE e.category = of_category AND e.stream_id = of_stream AND e.version = middle) <= at_position
    THEN
      before := middle;
    ELSE
      beyond := middle;
    END IF;
  END LOOP;
  RETURN before;
END
$$;
GRANT EXECUTE ON FUNCTION log.version_at TO plannerd_append, plannerd_project;
