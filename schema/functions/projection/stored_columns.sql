-- The columns of a table that are written, as a list: those that Postgres computes are left out.
CREATE OR REPLACE FUNCTION projection.stored_columns(relation text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
    FROM pg_attribute a
   WHERE a.attrelid = relation::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
$$;
GRANT EXECUTE ON FUNCTION projection.stored_columns TO plannerd_project, plannerd_query;
