-- Deletes a build that is not live, with its tables and the copies of their rows.
CREATE OR REPLACE FUNCTION projection.drop_build(build bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  namespace text;
BEGIN
  DELETE FROM projection.builds b WHERE b.build_id = build AND b.state <> 'live'
  RETURNING b.schema_name INTO namespace;
  IF FOUND THEN
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', namespace);
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', format('snapshots_%s', build));
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION projection.drop_build TO plannerd_project;
