-- States of long streams as of a version, so that a daemon that starts need not fold them from the beginning. They can be
-- deleted at any time: the log alone counts.
SET LOCAL ROLE plannerd_owner;
CREATE TABLE log.states (
  category  text   NOT NULL,
  stream_id uuid   NOT NULL,
  version   bigint NOT NULL,
  -- Of the version's event: a state that follows from another history is not taken.
  hash      bytea  NOT NULL,
  -- The form of the state and the rules by which it was folded.
  format    int    NOT NULL,
  state     text   NOT NULL,
  kept_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (category, stream_id)
);
GRANT SELECT ON log.states TO plannerd_append;
GRANT SELECT, DELETE ON log.states TO plannerd_eraser;
RESET ROLE;
