-- Appends the events of one or more commands, all or none: element i of each array belongs to event i.
--
-- Errors: PL001 a stream is not at the version that the caller decided on (detail: stream, expected,
-- actual); PL002 the schema is another than the caller knows; unique_violation on events_command: a command
-- has been applied before.
--
-- The lock is one row, locked and never updated: position, version and hash come from the last event.
--
-- To set up a statement costs more than an event, so there are three, and a fourth where there are several events: the
-- rows are made one after the other by expressions, which need no set-up, and inserted at once.
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
  head      record;
  stale     record;
  is_stale  boolean;
  recorded  timestamptz;
  place     bigint;
  salt      bytea;
  data_hash bytea;
  previous  bytea;
  events    log.events[];
BEGIN
  PERFORM FROM log.append_lock FOR UPDATE;

  SELECT last.position, last.recorded_at, last.hash,
         (SELECT number FROM migrator.migrations ORDER BY number DESC LIMIT 1) AS schema_now,
         categories[1] AS category, stream_ids[1] AS stream_id, versions[1] AS first,
         coalesce((SELECT e.version FROM log.events e
                    WHERE e.category = categories[1] AND e.stream_id = stream_ids[1]
                    ORDER BY e.version DESC LIMIT 1), 0) AS actual
    INTO head
    FROM (SELECT) AS always
    LEFT JOIN LATERAL (SELECT e.position, e.recorded_at, e.hash FROM log.events e
                        ORDER BY e.position DESC LIMIT 1) AS last ON true;
  IF head.schema_now <> known_schema THEN
    RAISE EXCEPTION 'the schema is version %, the caller knows version %', head.schema_now, known_schema
      USING ERRCODE = 'PL002';
  END IF;

  -- Where there is one event, its stream has been looked up above.
  stale := head;
  is_stale := head.first <> head.actual + 1;
  IF cardinality(versions) > 1 THEN
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
    is_stale := FOUND;
  END IF;
  IF is_stale THEN
    RAISE EXCEPTION 'stream %/% is at version %, expected %',
        stale.category, stale.stream_id, stale.actual, stale.first - 1
      USING ERRCODE = 'PL001',
            DETAIL = format('%s/%s %s %s', stale.category, stale.stream_id, stale.first - 1, stale.actual);
  END IF;

  first_position := coalesce(head.position + 1, 1);
  recorded := greatest(clock, head.recorded_at);
  previous := coalesce(head.hash, '');
  FOR i IN 1 .. cardinality(versions) LOOP
    place := first_position + i - 1;
    salt := uuid_send(gen_random_uuid());
    data_hash := sha256(salt || convert_to(datas[i]::text, 'UTF8'));
    previous := sha256(previous || log.encode_envelope(
      place, categories[i], stream_ids[i], versions[i], types[i], data_hash, command_ids[i], commands[i],
      command_hashes[i], durations[i], person_ids[i], uids[i], pids[i], recorded,
      coalesce(occurred_ats[i], recorded), undoes[i]));
    events[i] := ROW(
      place, categories[i], stream_ids[i], versions[i], types[i], datas[i], command_ids[i], commands[i],
      command_hashes[i], durations[i], person_ids[i], uids[i], pids[i], recorded,
      coalesce(occurred_ats[i], recorded), undoes[i], salt, data_hash, previous)::log.events;
  END LOOP;

  -- Of this statement's text and nothing else come rows into the log: see log.refuse_insert.
  INSERT INTO log.events SELECT * FROM unnest(events) AS appended (position);

  recorded_at := recorded;
  RETURN NEXT;
END
$$;
GRANT EXECUTE ON FUNCTION log.append TO plannerd_append;
