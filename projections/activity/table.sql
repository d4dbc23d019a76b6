-- scope: planner
-- series: events, names
CREATE TABLE events (
  planner_id uuid NOT NULL,
  position bigint NOT NULL,
  type text NOT NULL,
  -- Where the sentence says more than the name of the thing.
  data jsonb,
  "commandId" uuid NOT NULL,
  "personId" uuid NOT NULL,
  uid bigint NOT NULL,
  at timestamptz NOT NULL,
  "recordedAt" timestamptz NOT NULL,
  -- The pillar, theme or task that it is about.
  "entityId" uuid,
  PRIMARY KEY (planner_id, position)
);

CREATE INDEX events_of_command ON events (planner_id, "commandId", position);

-- What a pillar, theme or task was called from a position of the log on.
CREATE TABLE names (
  planner_id uuid NOT NULL,
  "entityId" uuid NOT NULL,
  position bigint NOT NULL,
  name text NOT NULL,
  PRIMARY KEY (planner_id, "entityId", position)
);

-- Commands that were undone at some time, and whether they still are.
CREATE TABLE undone (
  planner_id uuid NOT NULL,
  "commandId" uuid NOT NULL,
  undone boolean NOT NULL,
  PRIMARY KEY (planner_id, "commandId")
);
