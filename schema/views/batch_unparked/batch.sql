-- The events to fold of one category of streams but for parked ones, bounded by the settings of the fold; erased
-- events are left out.
CREATE OR REPLACE VIEW batch_unparked.batch AS
SELECT position, category, stream_id, version, type, data, command_id, person_id, uid, pid,
       recorded_at, occurred_at, undoes, command
  FROM log.current_events
 WHERE position > current_setting('plannerd.after')::bigint
   AND position <= current_setting('plannerd.upto')::bigint
   AND category IS NOT DISTINCT FROM current_setting('plannerd.category')
   AND stream_id <> ALL (current_setting('plannerd.parked')::uuid[])
   AND data IS NOT NULL;
GRANT SELECT ON batch_unparked.batch TO plannerd_project;
