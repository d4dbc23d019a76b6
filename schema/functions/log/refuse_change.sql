-- The trigger that keeps the log append-only, for its owner and superusers too: rows come from log.append
-- alone, and the only change ever is that log.erase empties data and salt.
CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  callers text;
BEGIN
  GET DIAGNOSTICS callers = PG_CONTEXT;
  IF TG_OP = 'INSERT' AND callers LIKE '%function log.append(integer,%' THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' AND TG_TABLE_NAME = 'events'
     AND current_user = 'plannerd_eraser' AND callers LIKE '%function log.erase(%'
  THEN
    IF NEW.data IS NULL AND NEW.salt IS NULL THEN
      NEW.data := OLD.data;
      NEW.salt := OLD.salt;
      IF NEW IS NOT DISTINCT FROM OLD THEN
        NEW.data := NULL;
        NEW.salt := NULL;
        RETURN NEW;
      END IF;
    END IF;
  END IF;
  RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'PL003';
END
$$;
