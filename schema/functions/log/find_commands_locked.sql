-- As find_commands, once appends that are under way have ended: for a writer whose COMMIT was lost.
CREATE OR REPLACE FUNCTION log.find_commands_locked(categories text[], stream_ids uuid[], command_ids uuid[])
RETURNS TABLE (ordinal bigint, command_hash bytea, first_position bigint, last_position bigint, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM log.append_lock FOR UPDATE;
  RETURN QUERY SELECT * FROM log.find_commands(categories, stream_ids, command_ids);
END
$$;
GRANT EXECUTE ON FUNCTION log.find_commands_locked TO plannerd_append;
