-- What became of commands that may have been applied before: a row for each that has been, with its place
-- in the arrays (from 1), the hash of its body, its positions, and the version it left its stream at.
CREATE OR REPLACE FUNCTION log.find_commands(categories text[], stream_ids uuid[], command_ids uuid[])
RETURNS TABLE (ordinal bigint, command_hash bytea, first_position bigint, last_position bigint, version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.ordinal, f.command_hash, f.position, coalesce(next_command.position, head.position + 1) - 1,
         last_own.version
    FROM unnest(categories, stream_ids, command_ids) WITH ORDINALITY
           AS u (category, stream_id, command_id, ordinal)
    JOIN log.events f ON f.category = u.category AND f.stream_id = u.stream_id
                     AND f.command_id = u.command_id AND f.command_hash IS NOT NULL
   CROSS JOIN LATERAL (SELECT max(e.position) AS position FROM log.events e) head
    -- The events of a command stand together, its first one alone has the hash of its body.
    LEFT JOIN LATERAL (SELECT e.position FROM log.events e
                        WHERE e.position > f.position AND e.command_hash IS NOT NULL
                        ORDER BY e.position LIMIT 1) next_command ON true
   -- Found by their positions: no index helps with IS NOT DISTINCT FROM, least of all that of the whole stream.
   CROSS JOIN LATERAL (SELECT max(e.version) AS version FROM log.events e
                        WHERE e.position >= f.position
                          AND e.position < coalesce(next_command.position, head.position + 1)
                          AND e.category IS NOT DISTINCT FROM f.category
                          AND e.stream_id IS NOT DISTINCT FROM f.stream_id) last_own
$$;
GRANT EXECUTE ON FUNCTION log.find_commands TO plannerd_append;
