-- scope: planner
CREATE TABLE commands (
  planner_id uuid NOT NULL,
  "commandId" uuid NOT NULL,
  -- Absent where the first event was erased.
  command text,
  position bigint NOT NULL,
  "lastPosition" bigint NOT NULL,
  events bigint NOT NULL,
  at timestamptz NOT NULL,
  "recordedAt" timestamptz NOT NULL,
  "personId" uuid NOT NULL,
  uid bigint NOT NULL,
  "entityId" uuid,
  undoes text[] NOT NULL,
  PRIMARY KEY (planner_id, "commandId")
);

CREATE INDEX commands_newest ON commands (planner_id, position);

-- Commands that were undone at some time: by which undo, or null where that was taken back. A table of its own, so
-- that an undo writes a row and looks for none.
CREATE TABLE undone (
  planner_id uuid NOT NULL,
  "commandId" uuid NOT NULL,
  "undoneBy" uuid,
  PRIMARY KEY (planner_id, "commandId")
);
