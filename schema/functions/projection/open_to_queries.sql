-- Lets the query role read the tables of a build: of a scoped one, the rows of the scope that the session names.
CREATE OR REPLACE FUNCTION projection.open_to_queries(namespace text, of_category text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text;
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO plannerd_query', namespace);
  EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO plannerd_query', namespace);
  IF of_category IS NULL THEN
    RETURN;
  END IF;
  FOR name IN SELECT c.relname FROM pg_class c
               WHERE c.relnamespace = namespace::regnamespace AND c.relkind = 'r'
  LOOP
    EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', namespace, name);
    EXECUTE format(
      'CREATE POLICY scope ON %I.%I FOR SELECT TO plannerd_query '
      'USING (%I = (SELECT nullif(current_setting(''plannerd.scope'', true), '''')::uuid))',
      namespace, name, of_category || '_id');
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.open_to_queries TO plannerd_project;
