-- Appends the events of one or more commands, all or none: element i of each array belongs to event i.
--
-- Errors: PL001 a stream is not at the version that the caller decided on (detail: stream, expected,
-- actual); PL002 the schema is another than the caller knows; unique_violation on events_command: a command
-- has been applied before.
--
-- The lock is one row, locked and never updated: position, version and hash come from the last event.
CREATE OR REPLACE FUNCTION log.append(
  known_schema int, clock timestamptz,
  categories text[], stream_ids uuid[], versions bigint[], types text[], datas jsonb[],
  command_ids uuid[], commands text[], command_hashes bytea[], durations bigint[],
  person_ids uuid[], uids bigint[], pids integer[], occurred_ats timestamptz[], undoes uuid[]
) RETURNS TABLE (first_position bigint, recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- Planning for each call's arrays costs more than appending a few events; and a plan that was made while the log was
-- short must not read all of it once it is long.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  schema_now  int;
  head        record;
  stale       record;
  recorded    timestamptz := clock;
  start       bigint := 1;
  previous    bytea := '\x';
  salts       bytea[];
  data_hashes bytea[];
  envelopes   bytea[];
  envelope    bytea;
  hashes      bytea[] := '{}';
BEGIN
  PERFORM FROM log.append_lock FOR UPDATE;

  SELECT max(number) INTO schema_now FROM migrator.migrations;
  IF schema_now <> known_schema THEN
    RAISE EXCEPTION 'the schema is version %, the caller knows version %', schema_now, known_schema
      USING ERRCODE = 'PL002';
  END IF;

  SELECT e.position, e.recorded_at, e.hash INTO head
    FROM log.events e ORDER BY e.position DESC LIMIT 1;
  IF FOUND THEN
    start := head.position + 1;
    previous := head.hash;
    recorded := greatest(clock, head.recorded_at);
  END IF;

  SELECT s.category, s.stream_id, s.first, s.actual INTO stale
    FROM (SELECT category, stream_id, min(version) AS first,
                 max(version) - min(version) + 1 = count(*) AS gapless,
                 coalesce((SELECT e.version FROM log.events e
                            WHERE e.category = u.category AND e.stream_id = u.stream_id
                            ORDER BY e.version DESC LIMIT 1), 0) AS actual
            FROM unnest(categories, stream_ids, versions) AS u (category, stream_id, version)
           GROUP BY category, stream_id) s
   WHERE s.first <> s.actual + 1 OR NOT s.gapless
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'stream %/% is at version %, expected %',
        stale.category, stale.stream_id, stale.actual, stale.first - 1
      USING ERRCODE = 'PL001',
            DETAIL = format('%s/%s %s %s', stale.category, stale.stream_id, stale.first - 1, stale.actual);
  END IF;

  -- Whatever can be made for all events at once is; only the chain needs one after the other.
  SELECT array_agg(s.salt ORDER BY s.ordinal), array_agg(s.data_hash ORDER BY s.ordinal),
         array_agg(log.encode_envelope(
           start + s.ordinal - 1, s.category, s.stream_id, s.version, s.type, s.data_hash, s.command_id,
           s.command, s.command_hash, s.duration_us, s.person_id, s.uid, s.pid, recorded,
           coalesce(s.occurred_at, recorded), s.undoes) ORDER BY s.ordinal)
    INTO salts, data_hashes, envelopes
    FROM (SELECT u.*, sha256(u.salt || convert_to(u.data::text, 'UTF8')) AS data_hash
            FROM (SELECT v.*, uuid_send(gen_random_uuid()) AS salt
                    FROM unnest(categories, stream_ids, versions, types, datas, command_ids, commands,
                                command_hashes, durations, person_ids, uids, pids, occurred_ats, undoes)
                         WITH ORDINALITY
                      AS v (category, stream_id, version, type, data, command_id, command, command_hash,
                            duration_us, person_id, uid, pid, occurred_at, undoes, ordinal)
                  OFFSET 0) u
          OFFSET 0) s;
  FOREACH envelope IN ARRAY envelopes LOOP
    previous := sha256(previous || envelope);
    hashes := hashes || previous;
  END LOOP;

  INSERT INTO log.events (position, category, stream_id, version, type, data, command_id, command,
      command_hash, duration_us, person_id, uid, pid, recorded_at, occurred_at, undoes, salt, data_hash, hash)
  SELECT start + u.ordinal - 1, u.category, u.stream_id, u.version, u.type, u.data, u.command_id, u.command,
         u.command_hash, u.duration_us, u.person_id, u.uid, u.pid, recorded,
         coalesce(u.occurred_at, recorded), u.undoes, u.salt, u.data_hash, u.hash
    FROM unnest(categories, stream_ids, versions, types, datas, command_ids, commands, command_hashes,
                durations, person_ids, uids, pids, occurred_ats, undoes, salts, data_hashes, hashes)
         WITH ORDINALITY
      AS u (category, stream_id, version, type, data, command_id, command, command_hash, duration_us,
            person_id, uid, pid, occurred_at, undoes, salt, data_hash, hash, ordinal);

  first_position := start;
  recorded_at := recorded;
  RETURN NEXT;
END
$$;
GRANT EXECUTE ON FUNCTION log.append TO plannerd_append;
