-- The trigger that keeps the log append-only, for its owner and superusers too: the only change ever is that the one
-- UPDATE of log.erase empties data and salt. Rows come in by log.refuse_insert.
--
-- Who calls is read from the context of the call, whose second line begins with the statement that fired the trigger
-- and whose next one names the function that holds it. Statements are compared as a whole, so that none can carry the
-- rest of such a context in a comment or a name.
CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  callers   text;
  statement text;
  start     int;
BEGIN
  IF TG_TABLE_NAME = 'events' AND TG_OP = 'UPDATE' THEN
    GET DIAGNOSTICS callers = PG_CONTEXT;
    SELECT substr(p.prosrc, p.start, strpos(substr(p.prosrc, p.start), ';') - 1) INTO statement
      FROM (SELECT prosrc, strpos(prosrc, 'UPDATE log.events') AS start
              FROM pg_proc WHERE oid = 'log.erase'::regproc) p;
    start := strpos(callers, statement);
    -- Words and quotation marks around it are in the server's language.
    IF left(callers, start - 1) ~ '^[^\n]*\n[^\n(]*$'
       AND substr(callers, start + length(statement)) ~ '^[\s\u00a0]?["\u201c\u201d\u201e\u00ab\u00bb\u2019'']\n[^\n(]*log\.erase\('
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
  END IF;
  RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'PL003';
END
$$;
