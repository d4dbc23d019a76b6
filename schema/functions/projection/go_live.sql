-- Puts a build in the place of the live one of its projection, if there is one, in one transaction. That one may be
-- behind, where it lags or has failed, but not ahead (PL004), since what readers see never goes back. Of another
-- generation it is kept for a way back, and the one that was kept so far is retired.
CREATE OR REPLACE FUNCTION projection.go_live(build bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  next    projection.builds;
  current projection.builds;
BEGIN
  SELECT * INTO next FROM projection.builds b WHERE b.build_id = build FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'build % is gone', build USING ERRCODE = 'PL004';
  END IF;
  SELECT * INTO current FROM projection.builds b
   WHERE b.projection = next.projection AND b.state = 'live' FOR UPDATE;
  IF FOUND AND current.position > next.position THEN
    RAISE EXCEPTION 'build % is at position %, the live one at %', build, next.position, current.position
      USING ERRCODE = 'PL004';
  END IF;
  IF current.generation <> next.generation THEN
    UPDATE projection.builds b SET state = 'retired'
     WHERE b.projection = next.projection AND b.state = 'previous' AND b.build_id <> build;
    UPDATE projection.builds b SET state = 'retired' WHERE b.build_id = build;
    UPDATE projection.builds b SET state = 'previous' WHERE b.build_id = current.build_id;
  ELSE
    UPDATE projection.builds b SET state = 'retired' WHERE b.build_id = current.build_id;
  END IF;
  UPDATE projection.builds b SET state = 'live' WHERE b.build_id = build;
END
$$;
GRANT EXECUTE ON FUNCTION projection.go_live TO plannerd_project;
