-- What answers about other moments are made from: the senses of `batch` for what has not happened,
-- and the register of the copies of rows that the engine keeps, so that no answer folds a whole history.
DO $$
BEGIN
  EXECUTE pg_catalog.format('GRANT TEMPORARY ON DATABASE %I TO plannerd_project', current_database());
END
$$;

SET LOCAL ROLE plannerd_owner;
CREATE SCHEMA batch_whatif;
CREATE SCHEMA batch_whatif_all;
GRANT USAGE ON SCHEMA batch_whatif, batch_whatif_all TO plannerd_project, plannerd_query;
GRANT USAGE ON SCHEMA batch_all, batch_scope TO plannerd_query;

-- Tables of a build that are only added to: of these no copies are kept, since they say themselves what there was.
ALTER TABLE projection.builds ADD COLUMN series text[] NOT NULL DEFAULT '{}';

-- The rows themselves are in the schema snapshots_BUILD, in a table for each of the build's.
CREATE TABLE projection.snapshots (
  snapshot_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  build_id    bigint NOT NULL REFERENCES projection.builds ON DELETE CASCADE,
  -- The whole copy that it goes on from, with the rows that have changed since the snapshot before it; null of a whole
  -- copy.
  base_id     bigint,
  -- The stream whose rows they are. Of a build over all streams it is the nil UUID, and versions are positions.
  scope       uuid   NOT NULL,
  -- The version of the stream that they are as of, and its event's position.
  version     bigint NOT NULL,
  position    bigint NOT NULL,
  -- Of a whole copy.
  rows        bigint,
  taken_at    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (build_id, scope, version)
);
GRANT SELECT ON projection.snapshots TO plannerd_query;
GRANT SELECT, INSERT, DELETE ON projection.snapshots TO plannerd_project;
GRANT SELECT, DELETE ON projection.snapshots TO plannerd_eraser;
RESET ROLE;
