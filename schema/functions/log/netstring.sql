-- `length:text,` with the length in bytes, `-,` for null.
CREATE OR REPLACE FUNCTION log.netstring(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(pg_catalog.octet_length(value)::text || ':' || value, '-') || ','
$$;
GRANT EXECUTE ON FUNCTION log.netstring TO plannerd_append;
