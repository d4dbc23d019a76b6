-- Generations of a projection beside each other, work that daemons share by leases, planners that a projection is
-- parked for, and proofs. The functions dropped here have other arguments or results from now on.
DROP FUNCTION IF EXISTS projection.advance(bigint, bigint, bigint);
DROP FUNCTION IF EXISTS projection.create_build(text, text, text, jsonb, text);
DROP FUNCTION IF EXISTS projection.go_live(bigint);
DROP FUNCTION IF EXISTS projection.digests(text);
SET LOCAL ROLE plannerd_owner;

-- A held build waits for `swap`, a previous one for `rollback`; both go on being folded.
ALTER TABLE projection.builds
  DROP CONSTRAINT builds_state_check,
  ADD CONSTRAINT builds_state_check
      CHECK (state IN ('building', 'held', 'live', 'previous', 'retired', 'scratch')),
  -- Indexes that are made once the rows are there.
  ADD COLUMN deferred_indexes text[] NOT NULL DEFAULT '{}',
  -- When and at which position it was last compared with a fresh fold, and what was found, if anything.
  ADD COLUMN proved_at       timestamptz,
  ADD COLUMN proved_position bigint,
  ADD COLUMN proof_problem   text;
CREATE UNIQUE INDEX builds_beside ON projection.builds (projection, state) WHERE state IN ('held', 'previous');

ALTER TABLE projection.jobs
  DROP CONSTRAINT jobs_kind_check,
  ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('rebuild', 'verify', 'diff')),
  -- What was asked for beyond the kind: the planner, whether to mend, whether to hold.
  ADD COLUMN options jsonb NOT NULL DEFAULT '{}';

-- The daemons on this database. One that is silent while another is there loses its leases.
CREATE TABLE projection.daemons (
  daemon_id  uuid        PRIMARY KEY,
  arrived_at timestamptz NOT NULL,
  seen_at    timestamptz NOT NULL
);

-- Who folds a projection (`projection NAME`) or is at a job (`job ID`). The epoch rises with each change of
-- owner, and each transaction that folds checks it: who was away and comes back writes nothing.
CREATE TABLE projection.leases (
  name  text   PRIMARY KEY,
  owner uuid,
  epoch bigint NOT NULL DEFAULT 0
);

-- Scopes that a build does not fold, since apply() failed at an event of theirs; null is the scope of a projection over
-- all streams.
CREATE TABLE projection.parked (
  build_id   bigint      NOT NULL REFERENCES projection.builds ON DELETE CASCADE,
  scope      uuid,
  -- The event at which it failed: what is before it is folded.
  position   bigint      NOT NULL,
  event_type text        NOT NULL,
  message    text        NOT NULL,
  parked_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (build_id, scope)
);

-- Streams of which events were erased, until all views are without them.
CREATE TABLE projection.erasures (
  category  text        NOT NULL,
  stream_id uuid        NOT NULL,
  erased_at timestamptz NOT NULL,
  PRIMARY KEY (category, stream_id)
);
GRANT SELECT, DELETE ON projection.erasures TO plannerd_project;
GRANT SELECT, INSERT, UPDATE ON projection.erasures TO plannerd_eraser;
GRANT USAGE ON SCHEMA projection TO plannerd_eraser;

GRANT SELECT, INSERT, UPDATE, DELETE ON projection.daemons, projection.leases, projection.parked TO plannerd_project;

-- `batch` without the parked scopes, and `batch` of one stream.
CREATE SCHEMA batch_unparked;
CREATE SCHEMA batch_scope;
GRANT USAGE ON SCHEMA batch_unparked, batch_scope TO plannerd_project;
RESET ROLE;
