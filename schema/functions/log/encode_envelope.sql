-- The envelope of an event as it is hashed: the UTF-8 text of a JSON array of its fields, as Postgres writes it (and
-- Python's json.dumps). Instants are microseconds since 1970, hashes hexadecimal. The hash of an event is SHA-256 over
-- the previous event's hash (nothing for the first) and this. schema/README.md shows the same in Python.
CREATE OR REPLACE FUNCTION log.encode_envelope(
  at_position bigint, category text, stream_id uuid, version bigint, type text, data_hash bytea,
  command_id uuid, command text, command_hash bytea, duration_us bigint, person_id uuid, uid bigint,
  pid integer, recorded_at timestamptz, occurred_at timestamptz, undoes uuid
) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
-- A body of the SQL standard's form is bound to what its names mean here and now, and can be inlined.
RETURN pg_catalog.convert_to(pg_catalog.json_build_array(
  at_position, category, stream_id, version, type, pg_catalog.encode(data_hash, 'hex'), command_id, command,
  pg_catalog.encode(command_hash, 'hex'), duration_us, person_id, uid, pid,
  (extract(epoch FROM recorded_at) * 1000000)::bigint,
  (extract(epoch FROM occurred_at) * 1000000)::bigint, undoes)::text, 'UTF8');
GRANT EXECUTE ON FUNCTION log.encode_envelope TO plannerd_append;
