-- The newest events of a scope whose data mention one of some texts, at most so many, in a stretch of its stream's versions (of
-- a build over all streams: of positions): where a row of these texts is likely to have changed.
CREATE OR REPLACE FUNCTION projection.mentions(
  build bigint, of_scope uuid, texts text[], after_version bigint, upto_version bigint, at_most bigint
) RETURNS TABLE (version bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  of_category text;
BEGIN
  SELECT b.category INTO of_category FROM projection.builds b WHERE b.build_id = build;
  IF of_category IS NULL THEN
    RETURN QUERY
    SELECT e.position FROM log.events e
     WHERE e.position > after_version AND e.position <= upto_version
       AND EXISTS (SELECT FROM unnest(texts) AS t (word) WHERE strpos(e.data::text, t.word) > 0)
     ORDER BY e.position DESC LIMIT at_most;
  ELSE
    RETURN QUERY
    SELECT e.version FROM log.events e
     WHERE e.category = of_category AND e.stream_id = of_scope
       AND e.version > after_version AND e.version <= upto_version
       AND EXISTS (SELECT FROM unnest(texts) AS t (word) WHERE strpos(e.data::text, t.word) > 0)
     ORDER BY e.version DESC LIMIT at_most;
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION projection.mentions TO plannerd_query, plannerd_project;
