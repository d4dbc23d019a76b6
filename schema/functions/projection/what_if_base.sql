-- What the rows of a what-if are folded from: the live ones as of their checkpoint, and the log's events after it up to the
-- version of a stream on which the hypothetical ones were decided. Of a build of that stream's category these are versions of
-- the stream, of one over all streams positions. Answers the position up to which that is, and whether the live rows are not
-- beyond it.
CREATE OR REPLACE FUNCTION projection.what_if_base(build bigint, of_category text, of_stream uuid, decided bigint)
RETURNS TABLE ("after" bigint, upto bigint, "position" bigint, is_before boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kept projection.builds;
BEGIN
  SELECT * INTO kept FROM projection.builds b WHERE b.build_id = build;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'build % is gone', build USING ERRCODE = '42P01';
  END IF;
  SELECT coalesce(
           (SELECT e.position - 1 FROM log.events e
             WHERE e.category = of_category AND e.stream_id = of_stream AND e.version = decided + 1),
           (SELECT max(e.position) FROM log.events e), 0)
    INTO "position";
  IF kept.category IS NULL THEN
    "after" := kept.position;
    upto := "position";
  ELSE
    "after" := log.version_at(of_category, of_stream, kept.position);
    upto := decided;
  END IF;
  is_before := "after" <= upto;
  RETURN NEXT;
END
$$;
GRANT EXECUTE ON FUNCTION projection.what_if_base TO plannerd_query, plannerd_project;
