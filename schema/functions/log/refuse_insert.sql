-- The trigger that lets rows into the log from the one INSERT of log.append alone, for its owner and superusers too.
--
-- Who calls is read from the context of the call: the first line is this function's, the second the statement that fired
-- the trigger, between quotation marks, and the third names the function that holds it. Words and quotation marks are
-- in the server's language: where that is English, as in the private cluster, the beginning of the context is one text,
-- which costs nothing to compare. The statement ends with a parenthesis, after which SQL allows no name nor string: so
-- none can carry the rest of such a context behind it, and before it there is nothing but the opening mark.
CREATE OR REPLACE FUNCTION log.refuse_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  callers text;
BEGIN
  GET DIAGNOSTICS callers = PG_CONTEXT;
  IF starts_with(callers, E'PL/pgSQL function log.refuse_insert() line 5 at GET DIAGNOSTICS\nSQL statement "INSERT INTO log.events SELECT * FROM unnest(events) AS appended (position)"\nPL/pgSQL function log.append(')
     OR callers ~ '^[^\n]*\n[^\n"\u201c\u201d\u201e\u00ab\u00bb\u2019'']*["\u201c\u201d\u201e\u00ab\u00bb\u2019''][\s\u00a0]?INSERT INTO log\.events SELECT \* FROM unnest\(events\) AS appended \(position\)[\s\u00a0]?["\u201c\u201d\u201e\u00ab\u00bb\u2019'']\n[^\n("]*[^a-z0-9_\n("]log\.append\('
  THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'PL003';
END
$$;
