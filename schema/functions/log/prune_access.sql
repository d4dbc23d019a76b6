-- Deletes the access records from before a moment; answers how many.
CREATE OR REPLACE FUNCTION log.prune_access(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pruned bigint;
BEGIN
  DELETE FROM log.access a WHERE a.at < before;
  GET DIAGNOSTICS pruned = ROW_COUNT;
  RETURN pruned;
END
$$;
GRANT EXECUTE ON FUNCTION log.prune_access TO plannerd_append;
