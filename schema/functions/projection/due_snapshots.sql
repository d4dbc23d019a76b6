-- The scopes of a build of whose rows a copy is due: at least `spacing` events after the one before it, and at least as many
-- as that one has rows, so that the copies never hold more rows than the log has events. Only streams with events after a
-- position are looked at. Answers the copy that the next one is folded from, if there is one, the version that is due and
-- the version that the stream has.
CREATE OR REPLACE FUNCTION projection.due_snapshots(build bigint, after_position bigint, spacing bigint)
RETURNS TABLE (scope uuid, snapshot_id bigint, version bigint, due bigint, newest bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  of_category text;
BEGIN
  SELECT b.category INTO of_category FROM projection.builds b WHERE b.build_id = build;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  RETURN QUERY
  WITH RECURSIVE streams AS (
    -- From one stream to the next, without reading their events.
    (SELECT e.stream_id FROM log.events e WHERE e.category = of_category AND after_position = 0
      ORDER BY e.stream_id LIMIT 1)
    UNION ALL
    SELECT (SELECT e.stream_id FROM log.events e
             WHERE e.category = of_category AND e.stream_id > s.stream_id ORDER BY e.stream_id LIMIT 1)
      FROM streams s WHERE s.stream_id IS NOT NULL
  ), changed AS (
    SELECT s.stream_id FROM streams s WHERE s.stream_id IS NOT NULL
    UNION
    SELECT e.stream_id FROM log.events e
     WHERE after_position > 0 AND e.position > after_position AND e.category = of_category
  ), heads AS (
    SELECT c.stream_id, (SELECT e.version FROM log.events e
                          WHERE e.category = of_category AND e.stream_id = c.stream_id
                          ORDER BY e.version DESC LIMIT 1) AS newest
      FROM changed c
    UNION ALL
    SELECT '00000000-0000-0000-0000-000000000000', coalesce(max(e.position), 0) FROM log.events e
    HAVING of_category IS NULL
  )
  SELECT h.stream_id, last.snapshot_id, coalesce(last.version, 0),
         coalesce(last.version, 0) + greatest(spacing, coalesce(last.rows, 0)), h.newest
    FROM heads h
    LEFT JOIN LATERAL (
      SELECT s.snapshot_id, s.version, s.rows FROM projection.snapshots s
       WHERE s.build_id = build AND s.scope = h.stream_id ORDER BY s.version DESC LIMIT 1) last ON true
   WHERE h.newest >= coalesce(last.version, 0) + greatest(spacing, coalesce(last.rows, 0));
END
$$;
GRANT EXECUTE ON FUNCTION projection.due_snapshots TO plannerd_project;
