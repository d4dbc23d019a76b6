-- Empties data and salt of the events of one stream up to a position: the one change that the log knows. Hashes,
-- order and counts stay, so that the chain still verifies. An event at the end of the stream says who did it and up to
-- where; whoever finds empty events without one has found a forgery. Answers how many events were emptied, and
-- where there were none writes nothing. The state that is kept of the stream and the copies of rows that hold what is
-- erased are deleted, and a daemon folds the stream anew.
CREATE OR REPLACE FUNCTION log.erase(
  of_category text, of_stream uuid, up_to bigint, by_person uuid, by_uid bigint, by_pid integer
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  emptied bigint;
  first_position bigint;
  last_version bigint;
BEGIN
  -- Whoever copies the stream's rows comes before or after; before the lock that appends wait for.
  PERFORM projection.lock_history('00000000-0000-0000-0000-000000000000', true);
  PERFORM projection.lock_history(of_stream, true);
  -- From here on nobody appends, so that the version stays what it is.
  PERFORM FROM log.append_lock FOR UPDATE;
  SELECT min(e.position) INTO first_position FROM log.events e
   WHERE e.category = of_category AND e.stream_id = of_stream AND e.position <= up_to
     AND e.data IS NOT NULL AND e.type <> 'EventsErased';
  UPDATE log.events e SET data = NULL, salt = NULL
   WHERE e.category = of_category AND e.stream_id = of_stream AND e.position <= up_to
     AND e.data IS NOT NULL AND e.type <> 'EventsErased';
  GET DIAGNOSTICS emptied = ROW_COUNT;
  IF emptied > 0 THEN
    PERFORM projection.forget_snapshots(of_stream, first_position);
    DELETE FROM log.states s WHERE s.category = of_category AND s.stream_id = of_stream;
    INSERT INTO projection.erasures VALUES (of_category, of_stream, clock_timestamp())
    ON CONFLICT (category, stream_id) DO UPDATE SET erased_at = excluded.erased_at;
    SELECT max(e.version) INTO last_version FROM log.events e
     WHERE e.category = of_category AND e.stream_id = of_stream;
    PERFORM FROM log.append(
      (SELECT max(number) FROM migrator.migrations), clock_timestamp(), ARRAY[of_category], ARRAY[of_stream],
      ARRAY[last_version + 1], ARRAY['EventsErased'],
      ARRAY[jsonb_build_object('upTo', up_to, 'events', emptied)], ARRAY[gen_random_uuid()],
      ARRAY['erase'], ARRAY[sha256(convert_to(format('%s/%s/%s', of_category, of_stream, up_to), 'UTF8'))],
      ARRAY[NULL::bigint], ARRAY[by_person], ARRAY[by_uid], ARRAY[by_pid], ARRAY[NULL::timestamptz],
      ARRAY[NULL::uuid]);
  END IF;
  RETURN emptied;
END
$$;
ALTER FUNCTION log.erase OWNER TO plannerd_eraser;
REVOKE EXECUTE ON FUNCTION log.erase FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.erase TO plannerd_erase;
GRANT EXECUTE ON FUNCTION log.append TO plannerd_eraser;
