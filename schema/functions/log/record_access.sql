-- Writes a batch of attempts, a JSON object each, in the order of their times. Ids follow the order of commits, and
-- times never go back from one id to the next, so that Audit can page by both.
CREATE OR REPLACE FUNCTION log.record_access(attempts jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before log.access_lock;
BEGIN
  SELECT * INTO before FROM log.access_lock FOR UPDATE;
  INSERT INTO log.access (access_id, at, person_id, uid, pid, command, planner_id, command_id, entity_id,
                          result, error, message, duration_us)
  SELECT before.last_id + row_number() OVER (ORDER BY a.ordinal),
         greatest(before.last_at, max((a.value ->> 'at')::timestamptz) OVER (ORDER BY a.ordinal)),
         (a.value ->> 'personId')::uuid, (a.value ->> 'uid')::bigint, (a.value ->> 'pid')::integer,
         a.value ->> 'command', (a.value ->> 'planner')::uuid, (a.value ->> 'commandId')::uuid,
         (a.value ->> 'entityId')::uuid, a.value ->> 'result', a.value ->> 'error', a.value ->> 'message',
         (a.value ->> 'durationMicroseconds')::bigint
    FROM jsonb_array_elements(attempts) WITH ORDINALITY AS a (value, ordinal);
  UPDATE log.access_lock
     SET last_id = last_id + jsonb_array_length(attempts),
         last_at = greatest(last_at, (SELECT max((a.value ->> 'at')::timestamptz)
                                        FROM jsonb_array_elements(attempts) a));
END
$$;
GRANT EXECUTE ON FUNCTION log.record_access TO plannerd_append;
