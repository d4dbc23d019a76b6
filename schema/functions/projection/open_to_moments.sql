-- Lets the query role fold a build's events in temporary tables, and makes the schema that the copies of its rows are kept
-- in; does nothing where that has been done. Run as the projector's role.
CREATE OR REPLACE FUNCTION projection.open_to_moments(build bigint, namespace text, of_category text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  beside text := format('snapshots_%s', build);
  name   text;
BEGIN
  -- Daemons that start at once do it one after the other.
  PERFORM pg_advisory_xact_lock(1886151017);
  IF to_regnamespace(beside) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('GRANT EXECUTE ON FUNCTION %I.apply() TO plannerd_query', namespace);
  EXECUTE format('CREATE SCHEMA %I', beside);
  FOR name IN SELECT c.relname FROM pg_class c
               WHERE c.relnamespace = namespace::regnamespace AND c.relkind = 'r'
                 AND c.relname NOT IN (SELECT unnest(b.series) FROM projection.builds b WHERE b.build_id = build)
  LOOP
    -- Without the constraints: what they say has been said of the rows that are copied. A row that is gone is known by
    -- its key alone.
    EXECUTE format('CREATE TABLE %I.%I AS SELECT 0::bigint AS "base id", 0::bigint AS "snapshot id", false AS "is gone", '
                   '%s FROM %I.%I WITH NO DATA',
                   beside, name, projection.stored_columns(format('%I.%I', namespace, name)), namespace, name);
    EXECUTE format('CREATE INDEX ON %I.%I ("base id", "snapshot id")', beside, name);
  END LOOP;
  PERFORM projection.open_to_queries(beside, of_category);
  -- log.erase deletes the copies that hold what it erases.
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO plannerd_eraser', beside);
  EXECUTE format('GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA %I TO plannerd_eraser', beside);
  IF of_category IS NOT NULL THEN
    FOR name IN SELECT c.relname FROM pg_class c
                 WHERE c.relnamespace = beside::regnamespace AND c.relkind = 'r'
    LOOP
      EXECUTE format('CREATE POLICY erasure ON %I.%I TO plannerd_eraser USING (true)', beside, name);
    END LOOP;
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION projection.open_to_moments TO plannerd_project;
