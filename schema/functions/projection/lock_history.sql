-- Keeps the erasure of a stream's events and the copying of its rows or its state apart, until the end of the transaction:
-- a copy made from what was read before the erasure would bring it back. Of a build over all streams the stream is the nil UUID.
CREATE OR REPLACE FUNCTION projection.lock_history(of_stream uuid, for_erasure boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF for_erasure THEN
    PERFORM pg_advisory_xact_lock(1886151016, hashtext(of_stream::text));
  ELSE
    PERFORM pg_advisory_xact_lock_shared(1886151016, hashtext(of_stream::text));
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION projection.lock_history TO plannerd_eraser, plannerd_project;
