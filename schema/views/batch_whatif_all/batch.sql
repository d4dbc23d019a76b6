-- As batch_all.batch, and after these the events that have not happened: those of `plannerd.hypothetical`, a JSON array
-- of objects whose positions count from 1.
CREATE OR REPLACE VIEW batch_whatif_all.batch AS
SELECT position, category, stream_id, version, type, data, command_id, person_id, uid, pid,
       recorded_at, occurred_at, undoes, command
  FROM batch_all.batch
UNION ALL
SELECT position + current_setting('plannerd.hypothetical_after')::bigint, category, stream_id, version, type, data,
       command_id, person_id, uid, pid, recorded_at, occurred_at, undoes, command
  FROM jsonb_to_recordset(current_setting('plannerd.hypothetical')::jsonb) AS hypothetical (
         position bigint, category text, stream_id uuid, version bigint, type text, data jsonb,
         command_id uuid, person_id uuid, uid bigint, pid integer, recorded_at timestamptz,
         occurred_at timestamptz, undoes uuid, command text);
GRANT SELECT ON batch_whatif_all.batch TO plannerd_project, plannerd_query;
