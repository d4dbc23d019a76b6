-- Deletes builds that answer nobody and that no job is at.
CREATE OR REPLACE FUNCTION projection.drop_abandoned() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  build bigint;
BEGIN
  FOR build IN SELECT b.build_id FROM projection.builds b
                WHERE b.state IN ('building', 'retired', 'scratch')
                  AND NOT EXISTS (SELECT FROM projection.jobs j
                                   WHERE j.build_id = b.build_id AND j.state = 'running')
  LOOP
    PERFORM projection.drop_build(build);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.drop_abandoned TO plannerd_project;
