-- The last position that was recorded at an instant or before it, 0 where there is none: recorded_at never goes back, so
-- that it is found by halving.
CREATE OR REPLACE FUNCTION log.position_at(at_instant timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Known to be at the instant or before it, and known to be after it.
  before bigint := 0;
  beyond bigint;
  middle bigint;
BEGIN
  SELECT coalesce(max(e.position), 0) + 1 INTO beyond FROM log.events e;
  WHILE beyond - before > 1 LOOP
    middle := (before + beyond) / 2;
    IF (SELECT e.recorded_at FROM log.events e WHERE e.position = middle) <= at_instant THEN
      before := middle;
    ELSE
      beyond := middle;
    END IF;
  END LOOP;
  RETURN before;
END
$$;
GRANT EXECUTE ON FUNCTION log.position_at TO plannerd_append, plannerd_project;
