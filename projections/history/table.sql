-- scope: planner
-- series: events
-- Every event, as far as its command's line in the history needs it.
CREATE TABLE events (
  planner_id uuid NOT NULL,
  position bigint NOT NULL,
  "commandId" uuid NOT NULL,
  -- On a command's first event. Absent from the history where that one was erased.
  command text,
  at timestamptz NOT NULL,
  "recordedAt" timestamptz NOT NULL,
  "personId" uuid NOT NULL,
  uid bigint NOT NULL,
  -- The pillar, theme or task concerned.
  "entityId" uuid,
  -- The command that it undoes or redoes.
  undoes text,
  PRIMARY KEY (planner_id, position)
);

CREATE INDEX events_of_command ON events (planner_id, "commandId", position);

-- Commands that were undone at some time: by which undo, or null where that was taken back. A table of its own, so
-- that an undo writes a row and looks for none.
CREATE TABLE undone (
  planner_id uuid NOT NULL,
  "commandId" uuid NOT NULL,
  "undoneBy" uuid,
  PRIMARY KEY (planner_id, "commandId")
);
