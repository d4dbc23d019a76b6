-- Checks the events after a position, at most `chunk` of them: positions without a gap, versions without a
-- gap in each stream, data against its hash, what is empty against the erasures, and the chain; and at the beginning that
-- nothing stands before the first position or beside the table. Answers the last position read and its hash, and
-- what is wrong, a row each (one row with a null problem where nothing is).
CREATE OR REPLACE FUNCTION log.verify(after bigint, chunk int)
RETURNS TABLE (last_position bigint, last_hash bytea, at_position bigint, problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  event    log.events;
  expected bigint := after + 1;
  previous bytea := coalesce((SELECT e.hash FROM log.events e WHERE e.position = after), '\x');
BEGIN
  IF after = 0 THEN
    RETURN QUERY SELECT NULL::bigint, NULL::bytea, e.position, 'stands before the first position'::text
      FROM log.events e WHERE e.position <= 0 ORDER BY e.position LIMIT chunk;
    RETURN QUERY SELECT NULL::bigint, NULL::bytea, 0::bigint, format('%s adds rows to the log', i.inhrelid::regclass)
      FROM pg_inherits i WHERE i.inhparent = 'log.events'::regclass;
  END IF;
  FOR event IN SELECT e.* FROM log.events e WHERE e.position > after ORDER BY e.position LIMIT chunk LOOP
    IF event.position <> expected THEN
      RETURN QUERY SELECT NULL::bigint, NULL::bytea, event.position,
        format('position %s follows %s', event.position, expected - 1);
    END IF;
    IF event.version > 1 AND NOT EXISTS (
         SELECT FROM log.events e WHERE e.category = event.category AND e.stream_id = event.stream_id
            AND e.version = event.version - 1 AND e.position < event.position)
       OR event.version < 1
    THEN
      RETURN QUERY SELECT NULL::bigint, NULL::bytea, event.position,
        format('version %s of stream %s/%s does not follow version %s', event.version, event.category,
               event.stream_id, event.version - 1);
    END IF;
    IF (event.data IS NULL) <> (event.salt IS NULL)
       OR event.data IS NOT NULL
          AND event.data_hash IS DISTINCT FROM sha256(event.salt || convert_to(event.data::text, 'UTF8'))
    THEN
      RETURN QUERY SELECT NULL::bigint, NULL::bytea, event.position, 'data differs from its hash'::text;
    ELSIF event.data IS NULL AND NOT EXISTS (
            SELECT FROM log.events e WHERE e.category = event.category AND e.stream_id = event.stream_id
               AND e.version > event.version AND e.type = 'EventsErased'
               AND (e.data ->> 'upTo')::bigint >= event.position)
    THEN
      RETURN QUERY SELECT NULL::bigint, NULL::bytea, event.position, 'data is empty, and no erasure says so'::text;
    END IF;
    IF event.hash IS DISTINCT FROM sha256(previous || log.encode_envelope(event.position, event.category, event.stream_id, event.version,
         event.type, event.data_hash, event.command_id, event.command, event.command_hash,
         event.duration_us, event.person_id, event.uid, event.pid, event.recorded_at, event.occurred_at,
         event.undoes))
    THEN
      RETURN QUERY SELECT NULL::bigint, NULL::bytea, event.position,
        'the envelope or the event before differs from the hash'::text;
    END IF;
    expected := event.position + 1;
    previous := coalesce(event.hash, '\x');
  END LOOP;
  RETURN QUERY SELECT expected - 1, previous, NULL::bigint, NULL::text;
END
$$;
GRANT EXECUTE ON FUNCTION log.verify TO plannerd_append;
