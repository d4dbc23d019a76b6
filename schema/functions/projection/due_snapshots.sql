-- The scopes of a build of whose rows a snapshot is due: at least `spacing` events after the one before it. Only streams with
-- events after a position are looked at, null for where the look before this one ended, and only what the live rows were
-- folded from. Answers the snapshot that the next one goes on from, if there is one, the whole copy that that one goes on
-- from, and the version that the stream has.
CREATE OR REPLACE FUNCTION projection.due_snapshots(build bigint, after_position bigint, spacing bigint)
RETURNS TABLE (
  scope uuid, snapshot_id bigint, version bigint, base_id bigint, base_version bigint, base_rows bigint,
  newest bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  of_category text;
  folded      bigint;
  -- From one stream to the next rather than from event to event.
  walks       boolean;
BEGIN
  SELECT b.category, b.position INTO of_category, folded FROM projection.builds b WHERE b.build_id = build;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF after_position IS NULL THEN
    SELECT l.position INTO after_position FROM projection.snapshot_looks l
     WHERE l.build_id = build AND l.spacing = due_snapshots.spacing AND l.position <= folded;
    after_position := coalesce(after_position, 0);
  END IF;
  walks := after_position = 0 OR folded - after_position > 10000;
  RETURN QUERY
  WITH RECURSIVE streams AS (
    (SELECT e.stream_id FROM log.events e WHERE e.category = of_category AND walks
      ORDER BY e.stream_id LIMIT 1)
    UNION ALL
    SELECT (SELECT e.stream_id FROM log.events e
             WHERE e.category = of_category AND e.stream_id > s.stream_id ORDER BY e.stream_id LIMIT 1)
      FROM streams s WHERE s.stream_id IS NOT NULL
  ), changed AS (
    SELECT s.stream_id FROM streams s WHERE s.stream_id IS NOT NULL
    UNION
    SELECT e.stream_id FROM log.events e
     WHERE NOT walks AND e.position > after_position AND e.position <= folded AND e.category = of_category
  ), heads AS (
    SELECT c.stream_id,
           CASE WHEN e.position <= folded THEN e.version
             ELSE log.version_at(of_category, c.stream_id, folded) END AS newest
      FROM changed c
     CROSS JOIN LATERAL (
       SELECT e.version, e.position FROM log.events e
        WHERE e.category = of_category AND e.stream_id = c.stream_id ORDER BY e.version DESC LIMIT 1) e
     WHERE e.version >= due_snapshots.spacing
    UNION ALL
    SELECT '00000000-0000-0000-0000-000000000000', folded WHERE of_category IS NULL
  )
  SELECT h.stream_id, last.snapshot_id, coalesce(last.version, 0), base.snapshot_id, base.version,
         base.rows, h.newest
    FROM heads h
    LEFT JOIN LATERAL (
      SELECT s.* FROM projection.snapshots s
       WHERE s.build_id = build AND s.scope = h.stream_id ORDER BY s.version DESC LIMIT 1) last ON true
    LEFT JOIN projection.snapshots base ON base.snapshot_id = coalesce(last.base_id, last.snapshot_id)
   WHERE h.newest >= coalesce(last.version, 0) + due_snapshots.spacing;
END
$$;
GRANT EXECUTE ON FUNCTION projection.due_snapshots TO plannerd_project;
