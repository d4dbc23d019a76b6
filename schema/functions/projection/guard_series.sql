-- Refuses (PL005) a series that says not of each row when it was added, and lets apply() do nothing but add rows to the others.
CREATE OR REPLACE FUNCTION projection.guard_series(namespace text, series text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY series LOOP
    PERFORM FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = namespace::regnamespace AND c.relname = name AND a.attname = 'position'
        AND a.atttypid = 'bigint'::regtype AND a.attnotnull;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the series % must be a table with the column position bigint NOT NULL, the event''s', name
        USING ERRCODE = 'PL005';
    END IF;
    EXECUTE format('CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON %I.%I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION projection.refuse_change()', namespace, name);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.guard_series TO plannerd_project;
