-- A field of the envelope as it is hashed: `length:text,` with the length in bytes, `-,` for null.
CREATE OR REPLACE FUNCTION log.encode_field(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(pg_catalog.octet_length(value)::text || ':' || value, '-') || ',';
GRANT EXECUTE ON FUNCTION log.encode_field TO plannerd_append;
