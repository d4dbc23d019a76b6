-- Deletes the copies of a stream's rows from a position on, and of those that are of all streams: they hold what has been
-- erased. They are made again from what is left.
CREATE OR REPLACE FUNCTION projection.forget_snapshots(of_stream uuid, from_position bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  build bigint;
  bases bigint[];
  ids   bigint[];
  name  text;
BEGIN
  FOR build, bases, ids IN
    WITH gone AS (
      DELETE FROM projection.snapshots s
       WHERE s.scope IN (of_stream, '00000000-0000-0000-0000-000000000000') AND s.position >= from_position
      RETURNING s.build_id, coalesce(s.base_id, s.snapshot_id) AS base_id, s.snapshot_id)
    SELECT g.build_id, array_agg(DISTINCT g.base_id), array_agg(g.snapshot_id) FROM gone g GROUP BY g.build_id
  LOOP
    FOR name IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = format('snapshots_%s', build) AND c.relkind = 'r'
    LOOP
      EXECUTE format('DELETE FROM snapshots_%s.%I WHERE "base id" = ANY ($1) AND "snapshot id" = ANY ($2)', build, name)
        USING bases, ids;
    END LOOP;
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.forget_snapshots TO plannerd_eraser;
