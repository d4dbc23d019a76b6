-- The events to fold of the one stream that the session sees the rows of, bounded by versions; erased events are left
-- out.
CREATE OR REPLACE VIEW batch_scope.batch AS
SELECT position, category, stream_id, version, type, data, command_id, person_id, uid, pid,
       recorded_at, occurred_at, undoes, command
  FROM log.current_events
 WHERE category = current_setting('plannerd.category')
   AND stream_id = current_setting('plannerd.scope')::uuid
   AND version > current_setting('plannerd.after_version')::bigint
   AND version <= current_setting('plannerd.upto_version')::bigint
   AND data IS NOT NULL;
GRANT SELECT ON batch_scope.batch TO plannerd_project, plannerd_query;
