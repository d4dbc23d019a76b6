-- An instant as clients get it: RFC 3339 in UTC.
CREATE OR REPLACE FUNCTION projection.rfc3339(instant timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
GRANT EXECUTE ON FUNCTION projection.rfc3339 TO plannerd_query, plannerd_project;
