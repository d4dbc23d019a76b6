-- Drops the indexes of a build's tables that keep nothing unique, and notes how to make them.
CREATE OR REPLACE FUNCTION projection.defer_indexes(build bigint, namespace text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  index record;
BEGIN
  FOR index IN SELECT c.oid::regclass AS name, pg_get_indexdef(c.oid) AS definition
                 FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
                WHERE c.relnamespace = namespace::regnamespace AND NOT i.indisunique AND NOT i.indisexclusion
                ORDER BY c.relname
  LOOP
    UPDATE projection.builds b SET deferred_indexes = b.deferred_indexes || index.definition
     WHERE b.build_id = build;
    EXECUTE format('DROP INDEX %s', index.name);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.defer_indexes TO plannerd_project;
