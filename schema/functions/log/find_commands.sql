-- What became of commands that may have been applied before: a row for each that has been, with its place
-- in the arrays (from 1), whether it had the same body, its positions, and the version it left its stream at.
CREATE OR REPLACE FUNCTION log.find_commands(
  categories text[], stream_ids uuid[], command_ids uuid[], command_hashes bytea[]
) RETURNS TABLE (ordinal bigint, same_body boolean, first_position bigint, last_position bigint,
                 version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.ordinal, f.command_hash = u.command_hash, f.position,
         coalesce(next_command.position, head.position + 1) - 1, last_own.version
    FROM unnest(categories, stream_ids, command_ids, command_hashes) WITH ORDINALITY
           AS u (category, stream_id, command_id, command_hash, ordinal)
    JOIN log.events f ON f.category = u.category AND f.stream_id = u.stream_id
                     AND f.command_id = u.command_id AND f.command_hash IS NOT NULL
   CROSS JOIN LATERAL (SELECT max(e.position) AS position FROM log.events e) head
    -- The events of a command stand together, its first one alone has the hash of its body.
    LEFT JOIN LATERAL (SELECT e.position FROM log.events e
                        WHERE e.position > f.position AND e.command_hash IS NOT NULL
                        ORDER BY e.position LIMIT 1) next_command ON true
   CROSS JOIN LATERAL (SELECT max(e.version) AS version FROM log.events e
                        WHERE e.category = f.category AND e.stream_id = f.stream_id
                          AND e.version >= f.version
                          AND e.position < coalesce(next_command.position, head.position + 1)) last_own
$$;
GRANT EXECUTE ON FUNCTION log.find_commands TO plannerd_append;
