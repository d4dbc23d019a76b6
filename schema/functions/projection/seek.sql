-- Where a build's rows of a scope have to be folded from to be as of a moment: a position, or the last one that was recorded
-- at an instant, or the head where neither is given. Of a build over all streams the scope is the nil UUID, and versions are
-- positions. Answers the head of the log; the moment's position, never beyond it, and when its event was recorded; the
-- stream's version there; and the nearest snapshot at that version or before it, if there is one.
CREATE OR REPLACE FUNCTION projection.seek(build bigint, of_scope uuid, at_position bigint, at_instant timestamptz)
RETURNS TABLE (
  head bigint, "position" bigint, recorded_at timestamptz, version bigint, snapshot_id bigint, base_id bigint,
  snapshot_version bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  of_category text;
BEGIN
  SELECT b.category INTO of_category FROM projection.builds b WHERE b.build_id = build;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'build % is gone', build USING ERRCODE = '42P01';
  END IF;
  SELECT coalesce(max(e.position), 0) INTO head FROM log.events e;
  position := CASE WHEN at_position IS NULL AND at_instant IS NULL THEN head
                   ELSE least(coalesce(at_position, log.position_at(at_instant)), head) END;
  SELECT e.recorded_at INTO recorded_at FROM log.events e WHERE e.position = seek.position;
  version := CASE WHEN of_category IS NULL THEN position ELSE log.version_at(of_category, of_scope, position) END;
  SELECT s.snapshot_id, coalesce(s.base_id, s.snapshot_id), s.version
    INTO snapshot_id, base_id, snapshot_version FROM projection.snapshots s
   WHERE s.build_id = build AND s.scope = of_scope AND s.version <= seek.version
   ORDER BY s.version DESC LIMIT 1;
  RETURN NEXT;
END
$$;
GRANT EXECUTE ON FUNCTION projection.seek TO plannerd_query, plannerd_project;
