-- The event log: the only truth about state.
CREATE SCHEMA log AUTHORIZATION plannerd_owner;
SET LOCAL ROLE plannerd_owner;

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT USAGE ON SCHEMA log
  TO plannerd_append, plannerd_project, plannerd_query, plannerd_eraser, plannerd_erase;

CREATE TABLE log.events (
  -- Gapless, in commit order.
  position     bigint      PRIMARY KEY,
  category     text        NOT NULL,
  stream_id    uuid        NOT NULL,
  -- Gapless within the stream, from 1.
  version      bigint      NOT NULL,
  type         text        NOT NULL,
  -- Null, like salt, once erased.
  data         jsonb,
  command_id   uuid        NOT NULL,
  -- The command's name, the hash of its body and what it took: on the first of its events only.
  command      text,
  command_hash bytea,
  duration_us  bigint,
  person_id    uuid        NOT NULL,
  uid          bigint      NOT NULL,
  pid          integer     NOT NULL,
  recorded_at  timestamptz NOT NULL,
  occurred_at  timestamptz NOT NULL,
  -- The command that this event takes back.
  undoes       uuid,
  salt         bytea,
  data_hash    bytea       NOT NULL,
  hash         bytea       NOT NULL,
  UNIQUE (category, stream_id, version),
  CHECK ((command IS NULL) = (command_hash IS NULL)),
  CHECK ((data IS NULL) = (salt IS NULL))
);

-- A command is applied at most once to a stream, for ever.
CREATE UNIQUE INDEX events_command ON log.events (category, stream_id, command_id)
  WHERE command_hash IS NOT NULL;

-- Audit by time; recorded_at never goes back, so that a block range index stays small and sharp.
CREATE INDEX events_recorded_at ON log.events USING brin (recorded_at);

-- The one row that appends lock, and that is never updated.
CREATE TABLE log.append_lock (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row));
INSERT INTO log.append_lock DEFAULT VALUES;

-- Attempts that are not in the log: duplicates, rejections, conflicts, denials, and reads where that is
-- switched on. Kept for a set time; outside the hash chain.
CREATE TABLE log.access (
  -- In commit order, and `at` with it.
  access_id    bigint      PRIMARY KEY,
  at           timestamptz NOT NULL,
  person_id    uuid        NOT NULL,
  uid          bigint      NOT NULL,
  pid          integer     NOT NULL,
  -- The command's or method's name.
  command      text        NOT NULL,
  planner_id   uuid,
  command_id   uuid,
  entity_id    uuid,
  result       text        NOT NULL,
  error        text,
  message      text,
  duration_us  bigint      NOT NULL
);
CREATE INDEX access_at ON log.access USING brin (at);
CREATE INDEX access_person ON log.access (person_id, access_id);

CREATE TABLE log.access_lock (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- The last id and time given, kept here since old rows are deleted.
  last_id  bigint NOT NULL DEFAULT 0,
  last_at  timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO log.access_lock DEFAULT VALUES;

GRANT SELECT ON log.events TO plannerd_append, plannerd_project, plannerd_eraser;
GRANT SELECT ON log.access TO plannerd_append;
GRANT UPDATE (data, salt) ON log.events TO plannerd_eraser;
GRANT CREATE ON SCHEMA log TO plannerd_eraser;

RESET ROLE;
