-- The events to fold, of all streams, bounded by the settings of the fold; erased events are left out.
CREATE OR REPLACE VIEW batch_all.batch AS
SELECT position, category, stream_id, version, type, data, command_id, person_id, uid, pid,
       recorded_at, occurred_at, undoes, command
  FROM log.current_events
 WHERE position > current_setting('plannerd.after')::bigint
   AND position <= current_setting('plannerd.upto')::bigint
   AND data IS NOT NULL;
GRANT SELECT ON batch_all.batch TO plannerd_project, plannerd_query;
