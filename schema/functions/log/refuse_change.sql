-- The trigger that keeps the log append-only, for its owner and superusers too: rows come from the one INSERT of
-- log.append alone, and the only change ever is that the one UPDATE of log.erase empties data and salt.
--
-- Who calls is read from the context of the call, whose second line begins with the statement that fired the trigger
-- and whose next one names the function that holds it. Statements are compared as a whole, so that none can carry the
-- rest of such a context in a comment or a name.
CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  callers   text;
  maker     text := CASE TG_OP WHEN 'INSERT' THEN 'log.append' WHEN 'UPDATE' THEN 'log.erase' END;
  statement text;
  start     int;
BEGIN
  IF TG_TABLE_NAME = 'events' AND maker IS NOT NULL THEN
    GET DIAGNOSTICS callers = PG_CONTEXT;
    SELECT substr(p.prosrc, p.start, strpos(substr(p.prosrc, p.start), ';') - 1) INTO statement
      FROM (SELECT prosrc, strpos(prosrc, CASE TG_OP WHEN 'INSERT' THEN 'INSERT INTO log.events'
                                                     ELSE 'UPDATE log.events' END) AS start
              FROM pg_proc WHERE oid = maker::regproc) p;
    start := strpos(callers, statement);
    -- Words and quotation marks around it are in the server's language.
    IF left(callers, start - 1) ~ '^[^\n]*\n[^\n(]*$'
       AND substr(callers, start + length(statement)) ~ ('^[\s\u00a0]?["\u201c\u201d\u201e\u00ab\u00bb\u2019'']\n[^\n(]*' || replace(maker, '.', '\.') || '\(')
    THEN
      IF TG_OP = 'INSERT' THEN RETURN NULL; END IF;
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
  END IF;
  RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'PL003';
END
$$;
