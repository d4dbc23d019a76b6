-- Row count and digest of each table of a build: the sum of the hashes of the rows, free of order. With a scope, of
-- the rows of that scope, which the column names.
CREATE OR REPLACE FUNCTION projection.digests(namespace text, scope_column text, of_scope uuid)
RETURNS TABLE (table_name text, row_count bigint, digest text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  FOR table_name IN SELECT c.relname FROM pg_class c
                     WHERE c.relnamespace = namespace::regnamespace AND c.relkind = 'r' ORDER BY c.relname
  LOOP
    EXECUTE format(
      'SELECT count(*), coalesce(sum(hash_record_extended(t, 0)::numeric), 0)::text FROM %I.%I AS t WHERE %s',
      namespace, table_name, projection.scope_condition(scope_column, of_scope)) INTO row_count, digest;
    RETURN NEXT;
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.digests TO plannerd_project;
