-- The hash of an event: SHA-256 over the previous event's hash (nothing for the first) and each field of
-- the envelope as a netstring, `length:text,` with the length in bytes; `-,` stands for null. Instants
-- are microseconds since 1970, hashes hexadecimal. schema/README.md shows the same in Python.
CREATE OR REPLACE FUNCTION log.event_hash(
  previous bytea, at_position bigint, category text, stream_id uuid, version bigint, type text, data_hash bytea,
  command_id uuid, command text, command_hash bytea, duration_us bigint, person_id uuid, uid bigint,
  pid integer, recorded_at timestamptz, occurred_at timestamptz, undoes uuid
) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- A body of the SQL standard's form is bound to what its names mean here and now, and can be inlined.
RETURN pg_catalog.sha256(previous || pg_catalog.convert_to(pg_catalog.concat(
  log.encode_field(at_position::text), log.encode_field(category), log.encode_field(stream_id::text),
  log.encode_field(version::text), log.encode_field(type), log.encode_field(pg_catalog.encode(data_hash, 'hex')),
  log.encode_field(command_id::text), log.encode_field(command),
  log.encode_field(pg_catalog.encode(command_hash, 'hex')), log.encode_field(duration_us::text),
  log.encode_field(person_id::text), log.encode_field(uid::text), log.encode_field(pid::text),
  log.encode_field((extract(epoch FROM recorded_at) * 1000000)::bigint::text),
  log.encode_field((extract(epoch FROM occurred_at) * 1000000)::bigint::text),
  log.encode_field(undoes::text)), 'UTF8'));
GRANT EXECUTE ON FUNCTION log.event_hash TO plannerd_append;
