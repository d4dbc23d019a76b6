-- A daemon's sign of life, several in a second: gives the leases that it has, after taking its share of those that are
-- free and giving up what is more than that.
--
-- A daemon that is alone writes nothing. One that arrives waits as long as a silent one is given before it expels
-- anybody, so that one that was alone has seen it by then. Times are this server's.
CREATE OR REPLACE FUNCTION projection.share_work(me uuid) RETURNS TABLE (name text, epoch bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  patience CONSTANT interval := '2.5 seconds';
  moment   timestamptz := clock_timestamp();
  arrived  timestamptz;
  silent   uuid;
  surplus  bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1886151016);
  SELECT d.arrived_at INTO arrived FROM projection.daemons d WHERE d.daemon_id = me;
  IF NOT FOUND THEN
    INSERT INTO projection.daemons VALUES (me, moment, moment);
  ELSIF EXISTS (SELECT FROM projection.daemons d WHERE d.daemon_id <> me) THEN
    UPDATE projection.daemons d SET seen_at = moment WHERE d.daemon_id = me;
    FOR silent IN SELECT d.daemon_id FROM projection.daemons d
                   WHERE d.daemon_id <> me AND greatest(d.seen_at, arrived) < moment - patience
    LOOP
      PERFORM projection.expel(silent);
    END LOOP;
  END IF;

  INSERT INTO projection.leases (name)
  SELECT DISTINCT 'projection ' || b.projection FROM projection.builds b
   WHERE b.state IN ('live', 'previous', 'held')
     AND NOT EXISTS (SELECT FROM projection.leases l WHERE l.name = 'projection ' || b.projection)
  ON CONFLICT DO NOTHING;

  -- How many projections this one has beyond its fair share of them.
  SELECT count(*) FILTER (WHERE l.owner = me)
         - ceil(count(*)::numeric / (SELECT count(*) FROM projection.daemons)) INTO surplus
    FROM projection.leases l WHERE l.name LIKE 'projection %';
  UPDATE projection.leases l SET owner = NULL, epoch = l.epoch + 1
   WHERE l.name IN (SELECT o.name FROM projection.leases o
                     WHERE o.owner = me AND o.name LIKE 'projection %'
                     ORDER BY o.name DESC LIMIT greatest(surplus, 0));
  UPDATE projection.leases l SET owner = me, epoch = l.epoch + 1
   WHERE l.name IN (SELECT o.name FROM projection.leases o
                     WHERE o.owner IS NULL AND o.name LIKE 'projection %'
                     ORDER BY o.name LIMIT greatest(-surplus, 0))
      OR l.owner IS NULL AND l.name LIKE 'job %';

  RETURN QUERY SELECT l.name, l.epoch FROM projection.leases l WHERE l.owner = me;
END
$$;
GRANT EXECUTE ON FUNCTION projection.share_work TO plannerd_project;
