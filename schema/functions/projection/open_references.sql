-- Has the temporary tables of a sandbox refer to each other as those of the build do, which may delete rows. A series is
-- left out: its rows are not all there.
CREATE OR REPLACE FUNCTION projection.open_references(namespace text, series text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  referring   text[];
  definitions text[];
BEGIN
  -- The definitions name the tables as they are found.
  PERFORM set_config('search_path', quote_ident(namespace) || ', pg_temp', true);
  SELECT array_agg(c.relname::text ORDER BY k.oid), array_agg(pg_get_constraintdef(k.oid) ORDER BY k.oid)
    INTO referring, definitions
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
   WHERE k.contype = 'f' AND c.relnamespace = namespace::regnamespace
     AND NOT c.relname = ANY (series) AND NOT r.relname = ANY (series);
  PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR number IN 1..coalesce(cardinality(referring), 0) LOOP
    EXECUTE format('ALTER TABLE pg_temp.%I ADD %s', referring[number], definitions[number]);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.open_references TO plannerd_project, plannerd_query;
