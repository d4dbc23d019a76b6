-- Notes a row of a sandbox's table that is gone, or has another key, in the table "gone NAME".
CREATE OR REPLACE FUNCTION projection.note_gone() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('INSERT INTO pg_temp.%I SELECT ($1).*', 'gone ' || TG_TABLE_NAME) USING OLD;
  RETURN NULL;
END
$$;
GRANT EXECUTE ON FUNCTION projection.note_gone TO plannerd_project;
