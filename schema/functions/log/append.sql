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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  schema_now  int;
  head        record;
  stale       record;
  recorded    timestamptz := clock;
  start       bigint := 1;
  previous    bytea := '\x';
  count       int := cardinality(types);
  salts       bytea[] := '{}';
  data_hashes bytea[] := '{}';
  hashes      bytea[] := '{}';
  salt        bytea;
  data_hash   bytea;
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

  SELECT s.category, s.stream_id, s.first, s.gapless, coalesce(l.version, 0) AS actual INTO stale
    FROM (SELECT category, stream_id, min(version) AS first,
                 max(version) - min(version) + 1 = count(*) AS gapless
            FROM unnest(categories, stream_ids, versions) AS u (category, stream_id, version)
           GROUP BY category, stream_id) s
    LEFT JOIN LATERAL (SELECT e.version FROM log.events e
                        WHERE e.category = s.category AND e.stream_id = s.stream_id
                        ORDER BY e.version DESC LIMIT 1) l ON true
   WHERE s.first <> coalesce(l.version, 0) + 1 OR NOT s.gapless
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'stream %/% is at version %, expected %',
        stale.category, stale.stream_id, stale.actual, stale.first - 1
      USING ERRCODE = 'PL001',
            DETAIL = format('%s/%s %s %s', stale.category, stale.stream_id, stale.first - 1, stale.actual);
  END IF;

  FOR i IN 1..count LOOP
    salt := uuid_send(gen_random_uuid());
    data_hash := sha256(salt || convert_to(datas[i]::text, 'UTF8'));
    previous := log.event_hash(previous, start + i - 1, categories[i], stream_ids[i], versions[i], types[i],
      data_hash, command_ids[i], commands[i], command_hashes[i], durations[i], person_ids[i], uids[i],
      pids[i], recorded, coalesce(occurred_ats[i], recorded), undoes[i]);
    salts := salts || salt;
    data_hashes := data_hashes || data_hash;
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

  RETURN QUERY SELECT start, recorded;
END
$$;
GRANT EXECUTE ON FUNCTION log.append TO plannerd_append;
