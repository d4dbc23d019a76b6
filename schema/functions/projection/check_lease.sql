-- Refuses (PL007) work under a lease that has changed hands.
CREATE OR REPLACE FUNCTION projection.check_lease(lease text, at_epoch bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM projection.leases l WHERE l.name = lease AND l.epoch = at_epoch AND l.owner IS NOT NULL)
  THEN
    RAISE EXCEPTION 'another daemon has the lease of %', lease USING ERRCODE = 'PL007';
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION projection.check_lease TO plannerd_project;
