-- Empties data and salt of the events of one stream up to a position: the one change that the log knows. Hashes,
-- order and counts stay, so that the chain still verifies. The caller appends an event that says so and has
-- the stream's views folded again. Answers how many events it emptied.
CREATE OR REPLACE FUNCTION log.erase(of_category text, of_stream uuid, up_to bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  emptied bigint;
BEGIN
  UPDATE log.events e SET data = NULL, salt = NULL
   WHERE e.category = of_category AND e.stream_id = of_stream AND e.position <= up_to
     AND e.data IS NOT NULL;
  GET DIAGNOSTICS emptied = ROW_COUNT;
  RETURN emptied;
END
$$;
ALTER FUNCTION log.erase OWNER TO plannerd_eraser;
REVOKE EXECUTE ON FUNCTION log.erase FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.erase TO plannerd_erase;
