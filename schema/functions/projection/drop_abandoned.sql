-- Deletes builds that are not live and whose maker has ended: the lock that create_build took is free.
CREATE OR REPLACE FUNCTION projection.drop_abandoned() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  build bigint;
BEGIN
  FOR build IN SELECT b.build_id FROM projection.builds b WHERE b.state <> 'live' LOOP
    IF pg_try_advisory_xact_lock(1886151014, build::integer) THEN
      PERFORM projection.drop_build(build);
    END IF;
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.drop_abandoned TO plannerd_project;
