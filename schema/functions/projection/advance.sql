-- Moves a build's checkpoint, in the transaction that folded the events; refused (PL004) where another worker
-- has moved it, so that no event is folded twice.
CREATE OR REPLACE FUNCTION projection.advance(build bigint, from_position bigint, to_position bigint)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE projection.builds b SET position = to_position, failure = NULL
   WHERE b.build_id = build AND b.position = from_position;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'build % is no longer at position %', build, from_position USING ERRCODE = 'PL004';
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION projection.advance TO plannerd_project;
