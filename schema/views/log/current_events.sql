-- The events in their newest shape: what projections and the daemon's own fold read. An upcaster, when an
-- event's shape has changed, is a function applied to type and data here.
CREATE OR REPLACE VIEW log.current_events AS
SELECT position, category, stream_id, version, type, data, command_id, person_id, uid, pid,
       recorded_at, occurred_at, undoes, command
  FROM log.events;
GRANT SELECT ON log.current_events TO plannerd_append, plannerd_project;
