-- Ends the parking of a stream, in the transaction that then folds what it has missed: sets the bounds of
-- `batch_scope.batch` to that. The build's checkpoint stands.
CREATE OR REPLACE FUNCTION projection.unpark(build bigint, of_scope uuid, lease text, at_epoch bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known  projection.builds;
  missed bigint;
BEGIN
  SELECT * INTO known FROM projection.builds b WHERE b.build_id = build FOR UPDATE;
  PERFORM projection.check_lease(lease, at_epoch);
  DELETE FROM projection.parked p WHERE p.build_id = build AND p.scope = of_scope RETURNING p.position INTO missed;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'build % is not parked for %', build, of_scope USING ERRCODE = 'PL004';
  END IF;
  PERFORM set_config('plannerd.scope', of_scope::text, true),
          set_config('plannerd.after_version', log.version_at(known.category, of_scope, missed - 1)::text, true),
          set_config('plannerd.upto_version', log.version_at(known.category, of_scope, known.position)::text, true);
END
$$;
GRANT EXECUTE ON FUNCTION projection.unpark TO plannerd_project;
