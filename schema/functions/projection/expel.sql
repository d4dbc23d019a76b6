-- Takes everything from a daemon that has ended or gone silent. What its sessions have under way is undone, where this
-- role may end them; what they begin later is refused by the epoch.
CREATE OR REPLACE FUNCTION projection.expel(daemon uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM projection.daemons d WHERE d.daemon_id = daemon;
  UPDATE projection.leases l SET owner = NULL, epoch = l.epoch + 1 WHERE l.owner = daemon;
  PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a
   WHERE a.application_name = 'plannerd ' || daemon AND a.datname = current_database()
     AND a.pid <> pg_backend_pid();
EXCEPTION WHEN insufficient_privilege THEN
  DELETE FROM projection.daemons d WHERE d.daemon_id = daemon;
  UPDATE projection.leases l SET owner = NULL, epoch = l.epoch + 1 WHERE l.owner = daemon;
END
$$;
GRANT EXECUTE ON FUNCTION projection.expel TO plannerd_project;
