-- What the projection engine keeps of itself. The views' own tables are in schemas made by the engine,
-- one for each build.
CREATE SCHEMA projection AUTHORIZATION plannerd_owner;
SET LOCAL ROLE plannerd_owner;
GRANT USAGE ON SCHEMA projection TO plannerd_project, plannerd_query;

-- One row for each build of a projection.
CREATE TABLE projection.builds (
  build_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  projection  text        NOT NULL,
  -- Hash of table.sql and apply.sql: the generation.
  generation  text        NOT NULL,
  -- The folder's files as they were: its queries go on answering when the folder has changed.
  source      jsonb       NOT NULL,
  -- The Postgres schema that holds the tables.
  schema_name text        NOT NULL UNIQUE,
  -- The stream category whose events it folds; null for all.
  category    text,
  -- The checkpoint: the last position that is folded into the tables.
  position    bigint      NOT NULL DEFAULT 0,
  state       text        NOT NULL DEFAULT 'building'
              CHECK (state IN ('building', 'live', 'retired', 'scratch')),
  -- Why folding stands still, if it does.
  failure     text,
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- Which build answers.
CREATE UNIQUE INDEX builds_live ON projection.builds (projection) WHERE state = 'live';

CREATE TABLE projection.jobs (
  job_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind       text        NOT NULL CHECK (kind IN ('rebuild', 'verify')),
  projection text        NOT NULL,
  build_id   bigint      REFERENCES projection.builds ON DELETE SET NULL,
  state      text        NOT NULL DEFAULT 'running'
             CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  processed  bigint      NOT NULL DEFAULT 0,
  total      bigint      NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at   timestamptz,
  message    text,
  report     jsonb
);
-- One job of a kind for a projection at a time.
CREATE UNIQUE INDEX jobs_running ON projection.jobs (kind, projection) WHERE state = 'running';

GRANT SELECT, INSERT, UPDATE, DELETE ON projection.builds, projection.jobs TO plannerd_project;
GRANT SELECT ON projection.builds TO plannerd_query;

-- The senses of `batch`: schemas of which one is on the search_path while a build folds.
CREATE SCHEMA batch_category;
CREATE SCHEMA batch_all;
GRANT USAGE ON SCHEMA batch_category, batch_all TO plannerd_project;
RESET ROLE;

-- The functions apply() that the projector makes are for the projector.
SET LOCAL ROLE plannerd_project;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
RESET ROLE;
