-- log.find_commands answers with the hash of a command's body instead of comparing it, and log.erase says who
-- erases: functions of other arguments, so that the old ones go.
DROP FUNCTION IF EXISTS log.find_commands_locked(text[], uuid[], uuid[], bytea[]);
DROP FUNCTION IF EXISTS log.find_commands(text[], uuid[], uuid[], bytea[]);
DROP FUNCTION IF EXISTS log.erase(text, uuid, bigint);

-- An erasure is recorded by an event, which comes in as all events do.
GRANT USAGE ON SCHEMA migrator TO plannerd_eraser;
GRANT SELECT ON migrator.migrations TO plannerd_eraser;

SET LOCAL ROLE plannerd_owner;
GRANT SELECT, UPDATE ON log.append_lock TO plannerd_eraser;

-- Nobody reads before the first position, so nothing may stand there.
ALTER TABLE log.events ADD CHECK (position > 0), ADD CHECK (version > 0);
RESET ROLE;
