-- Moves a build's checkpoint, in the transaction that folded the events. Refused (PL007) where another daemon has the
-- lease by now, (PL004) where another worker has moved it, so that no event is folded twice, and (PL006) beyond the
-- end of the log, which may be shorter than it was when Postgres comes back from a backup or as another server: no
-- event is passed over.
CREATE OR REPLACE FUNCTION projection.advance(
  build bigint, from_position bigint, to_position bigint, lease text, at_epoch bigint
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  has_lease boolean;
  head      bigint;
BEGIN
  UPDATE projection.builds b SET position = to_position, failure = NULL
   WHERE b.build_id = build AND b.position = from_position;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'build % is no longer at position %', build, from_position USING ERRCODE = 'PL004';
  END IF;
  -- By a statement of its own: what it sees is as of now, however long the first one has waited for the row.
  SELECT EXISTS (SELECT FROM projection.leases l
                  WHERE l.name = lease AND l.epoch = at_epoch AND l.owner IS NOT NULL),
         coalesce((SELECT max(e.position) FROM log.events e), 0)
    INTO has_lease, head;
  IF NOT has_lease THEN
    PERFORM projection.check_lease(lease, at_epoch);
  END IF;
  IF to_position > head THEN
    RAISE EXCEPTION 'the log ends at position %, before %', head, to_position USING ERRCODE = 'PL006';
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION projection.advance TO plannerd_project;
