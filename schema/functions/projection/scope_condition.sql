-- The condition that restricts a table to a scope; null is all of it.
CREATE OR REPLACE FUNCTION projection.scope_condition(scope_column text, of_scope uuid) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN of_scope IS NULL THEN 'true' ELSE format('%I = %L', scope_column, of_scope) END
$$;
GRANT EXECUTE ON FUNCTION projection.scope_condition TO plannerd_project;
