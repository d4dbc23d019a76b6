-- Up to where the log was looked through for copies of rows that are due, so that a daemon that starts goes on from there
-- and does not go through all streams again. They can be deleted at any time.
SET LOCAL ROLE plannerd_owner;
CREATE TABLE projection.snapshot_looks (
  build_id bigint PRIMARY KEY REFERENCES projection.builds ON DELETE CASCADE,
  -- Events from one copy to the next, by which it was looked.
  spacing  bigint NOT NULL,
  position bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON projection.snapshot_looks TO plannerd_project;
RESET ROLE;
