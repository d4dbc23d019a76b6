-- Makes the indexes that were left for the end, and lets Postgres count the rows, for good plans from the first question.
CREATE OR REPLACE FUNCTION projection.finish_build(build bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  row       projection.builds;
  statement text;
  name      text;
BEGIN
  SELECT * INTO row FROM projection.builds b WHERE b.build_id = build FOR UPDATE;
  FOREACH statement IN ARRAY row.deferred_indexes LOOP
    EXECUTE statement;
  END LOOP;
  UPDATE projection.builds b SET deferred_indexes = '{}' WHERE b.build_id = build;
  FOR name IN SELECT c.relname FROM pg_class c
               WHERE c.relnamespace = row.schema_name::regnamespace AND c.relkind = 'r'
  LOOP
    EXECUTE format('ANALYZE %I.%I', row.schema_name, name);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.finish_build TO plannerd_project;
