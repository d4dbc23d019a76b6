-- Append-only, also under session_replication_role = replica (ENABLE ALWAYS).
CREATE OR REPLACE TRIGGER refuse_insert BEFORE INSERT ON log.events
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_insert();
CREATE OR REPLACE TRIGGER refuse_update BEFORE UPDATE ON log.events
  FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE OR REPLACE TRIGGER refuse_delete BEFORE DELETE ON log.events
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON log.events
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.events ENABLE ALWAYS TRIGGER refuse_insert;
ALTER TABLE log.events ENABLE ALWAYS TRIGGER refuse_update;
ALTER TABLE log.events ENABLE ALWAYS TRIGGER refuse_delete;
ALTER TABLE log.events ENABLE ALWAYS TRIGGER refuse_truncate;

CREATE OR REPLACE TRIGGER refuse_change BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON log.append_lock
  FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.append_lock ENABLE ALWAYS TRIGGER refuse_change;
